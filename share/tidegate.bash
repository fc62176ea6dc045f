# shellcheck shell=bash
# Completion of tidegate for bash. Commands, options and what they take are read from the help of
# the program that is being called, so they are those of its version and of its user's own scripts.
# The rest are URL schemes, and paths behind file: and sqlite:.

# _tidegate_options PROGRAM NAME...: "OPTION LABEL" for each option in these helps; no label: a
# flag. The rows of a help come last, since they tell more than its notes.
_tidegate_options() {
    local text name
    for name in "${@:2}"; do
        text=$("$1" help "$name" </dev/null 2>/dev/null) || continue
        grep -oE '(^|[ [|])-[a-z]+( [A-Z]+| [a-z]+\|[a-z]+)?' <<<"$text" | sed 's/^[ [|]*//'
        sed -nE 's/^  (-[a-z]+), (--[a-z0-9-]+)( (\S+))?  .*/\1 \4\n\2 \4/p
                 s/^  (--[a-z0-9-]+)( (\S+))?  .*/\1 \3/p' <<<"$text"
    done
}

_tidegate_commands() {
    "$1" help </dev/null 2>/dev/null | sed -nE 's/^  ([a-z]+) .*/\1/p'
}

# _tidegate_reply PREFIX WORD...: the words that go on from $word, which begins with PREFIX.
_tidegate_reply() {
    local prefix=$1 each
    shift
    while IFS= read -r each; do
        COMPREPLY+=("$prefix$each")
    done < <(compgen -W "$*" -- "${word#"$prefix"}")
}

# _tidegate_paths PREFIX file|directory: the same with paths.
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

# _tidegate_value LABEL PREFIX: what an option with that label takes.
_tidegate_value() {
    case $1 in
        *'|'*) _tidegate_reply "$2" "${1//'|'/ }" ;;
        LEVEL) _tidegate_reply "$2" debug info warn error off ;;
        POLICY) _tidegate_reply "$2" warn patient converge ;;
        DIR) _tidegate_paths "$2" directory ;;
        FILE) _tidegate_paths "$2" file ;;
        URL) _tidegate_places "$2" ;;
    esac
}

# _tidegate_argument PROGRAM COMMAND COUNT: an argument of a command, after COUNT others.
_tidegate_argument() {
    case $2,$3 in
        ,*)
            _tidegate_reply '' "$(_tidegate_commands "$1")"
            [ -z "$word" ] || _tidegate_paths '' file
            ;;
        help,0) _tidegate_reply '' "$(_tidegate_commands "$1") places conflicts host-options" ;;
        help,* | version,*) ;;
        test,*) _tidegate_paths '' file ;;
        parked,0) _tidegate_reply '' ls show replay drop ;;
        *) _tidegate_places '' ;;
    esac
}

# _tidegate_learn PROGRAM NAME...: adds the options of these helps to label_of.
_tidegate_learn() {
    local option label
    while read -r option label; do label_of[$option]=$label; done < <(_tidegate_options "$@")
}

_tidegate() {
    local line=${COMP_LINE:0:COMP_POINT} word words each command='' waits='' count=0
    local -A label_of=()
    COMPREPLY=()
    word=${line##*[[:space:]]}
    read -ra words <<<"${line%"$word"}"
    local program=${words[0]/#\~/$HOME}
    _tidegate_learn "$program" host-options
    for each in "${words[@]:1}"; do
        if [ -n "$waits" ]; then
            waits=''
            continue
        elif [[ -z $command && -z ${label_of[${each%%=*}]+known} ]]; then
            command=$each
            [ "${each:0:1}" != - ] || command=consume
            _tidegate_learn "$program" "$command"
        elif [ "${each:0:1}" != - ]; then
            count=$((count + 1))
        fi
        [ -z "${label_of[$each]-}" ] || waits=$each
    done
    if [ -n "$waits" ]; then
        _tidegate_value "${label_of[$waits]}" ''
    elif [[ $word = -*=* ]]; then
        _tidegate_value "${label_of[${word%%=*}]-}" "${word%%=*}="
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
