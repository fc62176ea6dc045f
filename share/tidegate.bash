# shellcheck shell=bash
# Completion of tidegate for bash. Commands and options are read from the help of the program that
# is being called, so they are those of its version and of its user's own scripts. The rest are
# words for options that take one of a few, URL schemes, and paths behind file: and sqlite:.

# _tidegate_options PROGRAM [NAME]: "OPTION LABEL" for each option in a help; no label: a flag.
_tidegate_options() {
    "$1" help "${@:2}" </dev/null 2>/dev/null |
        sed -nE 's/^ +((-[a-z]+), )?(--[a-z-]+)( ([^ ]+))?(  .*)?$/\2 \5\n\3 \5/p' | grep '^-'
}

_tidegate_commands() {
    "$1" help </dev/null 2>/dev/null | sed -nE 's/^  ([a-z]+)( .*)?$/\1/p'
}

# _tidegate_reply PREFIX WORD...: the words that go on from $word, which begins with PREFIX.
_tidegate_reply() {
    local prefix=$1 each
    shift
    while IFS= read -r each; do
        COMPREPLY+=("$prefix$each")
    done < <(compgen -W "$*" -- "${word#"$prefix"}")
}

# _tidegate_paths PREFIX ACTION: the same with file names (f) or directories (d).
_tidegate_paths() {
    local prefix=$1 each
    while IFS= read -r each; do
        COMPREPLY+=("$prefix$each")
    done < <(compgen -A "$2" -- "${word#"$prefix"}")
    compopt -o filenames 2>/dev/null
}

_tidegate_places() {
    case ${word#"$1"} in
        file:*) _tidegate_paths "$1file:" directory ;;
        sqlite:*) _tidegate_paths "$1sqlite:" file ;;
        *)
            _tidegate_reply "$1" sqs:// s3:// dynamodb:// file: sqlite:
            compopt -o nospace 2>/dev/null
            ;;
    esac
}

# _tidegate_value OPTION LABEL PREFIX: what may stand behind an option.
_tidegate_value() {
    case $1 in
        --log-level) _tidegate_reply "$3" debug info warn error off ;;
        --log-format) _tidegate_reply "$3" text json ;;
        --scripts) _tidegate_paths "$3" directory ;;
        --log-file) _tidegate_paths "$3" file ;;
        --park) _tidegate_places "$3" ;;
    esac
}

# _tidegate_argument PROGRAM COMMAND COUNT: an argument of a command, after COUNT others.
_tidegate_argument() {
    case $2 in
        '')
            _tidegate_reply '' "$(_tidegate_commands "$1")"
            [ -z "$word" ] || _tidegate_paths '' file
            ;;
        help) _tidegate_reply '' "$(_tidegate_commands "$1")" ;;
        test) _tidegate_paths '' file ;;
        parked)
            if [ "$3" = 0 ]; then
                _tidegate_reply '' ls show replay drop
            else
                _tidegate_places ''
            fi
            ;;
        version) ;;
        *) _tidegate_places '' ;;
    esac
}

_tidegate() {
    local line=${COMP_LINE:0:COMP_POINT} word words each command='' waits='' count=0 option label
    local -A label_of=()
    COMPREPLY=()
    word=${line##*[[:space:]]}
    read -ra words <<<"${line%"$word"}"
    local program=${words[0]/#\~/$HOME}
    while read -r option label; do label_of[$option]=$label; done \
        < <(_tidegate_options "$program")
    for each in "${words[@]:1}"; do
        if [ -n "$waits" ]; then
            waits=''
        elif [ "${each:0:1}" = - ] && { [ -n "$command" ] || [ -v "label_of[${each%%=*}]" ]; }; then
            [ "$each" != "${each%%=*}" ] || [ -z "${label_of[$each]-}" ] || waits=$each
        elif [ -n "$command" ]; then
            count=$((count + 1))
        else
            command=$each
            [ "${each:0:1}" != - ] || command=consume
            while read -r option label; do label_of[$option]=$label; done \
                < <(_tidegate_options "$program" "$command")
            [ -z "${label_of[$each]-}" ] || waits=$each
        fi
    done
    if [ -n "$waits" ]; then
        _tidegate_value "$waits" "${label_of[$waits]}" ''
    elif [[ $word = -*=* ]]; then
        _tidegate_value "${word%%=*}" "${label_of[${word%%=*}]-}" "${word%%=*}="
    elif [ "${word:0:1}" = - ]; then
        _tidegate_reply '' "${!label_of[@]}"
    else
        _tidegate_argument "$program" "$command" "$count"
    fi
    # readline replaces only what stands behind the last : or =.
    each=${word%"${word##*[:=]}"}
    [[ -z $each || $COMP_WORDBREAKS != *[:=]* ]] || COMPREPLY=("${COMPREPLY[@]#"$each"}")
}

complete -F _tidegate tidegate
