std = "lua54"
max_line_length = false -- tools/lint says how long a line may be
files["**/*_spec.lua"].std = "+busted"
