# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: MIT
#
# Completion for bash, with the bash-completion package.

# Cgroups, as paths below the mount, one level at a time.
_cgtproxy_cgroups() {
	local mount path
	while read -r mount; do
		[[ -e $mount/cgroup.controllers ]] && break # another mount may cover it
	done < <(findmnt --noheadings --list --types cgroup2 --output TARGET)
	[[ -n $mount ]] || return
	[[ $cur == /* ]] || cur=/$cur
	compopt -o nospace
	while read -r path; do
		printf -v path '%q/' "${path#"$mount"}"
		COMPREPLY+=("$path")
	done < <(compgen -d -- "$mount$cur")
}

# What is running, by the words that its rules use; words that need quoting are left out.
_cgtproxy_names() {
	local names
	names=$("$1" "${config[@]}" apps --all --json 2>/dev/null |
		sed -n 's|^ *"value": "\([A-Za-z0-9_.@-]*\)",*$|\1|p')
	COMPREPLY=($(compgen -W "$names" -- "$cur"))
}

_cgtproxy() {
	local cur prev words cword split
	_init_completion -s || return

	# COMP_WORDS and not $words: bash has split the former at "=" too, and _command_offset counts them.
	local i command="" words_after=0 config=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-c | --config | --pid | --forget | --to)
			local option=${COMP_WORDS[i++]}
			[[ ${COMP_WORDS[i]} != = ]] || ((i++))
			[[ $option != -c && $option != --config ]] || config=(-c "${COMP_WORDS[i]/#\~\//$HOME/}")
			;;
		-c?*) config=("${COMP_WORDS[i]}") ;;
		=) ((i++)) ;;
		-*) ;;
		*)
			if [[ $command == exec ]]; then
				# What follows the target is another program's command line.
				((i++))
				[[ ${COMP_WORDS[i]} != -- ]] || ((i < COMP_CWORD && i++))
				_command_offset $i
				return
			elif [[ $command ]]; then
				((words_after++))
			else
				command=${COMP_WORDS[i]}
			fi
			;;
		esac
	done

	case $prev in
	-c | --config)
		_filedir '@(yaml|yml)'
		return
		;;
	--pid)
		_pids
		return
		;;
	--to) return ;;
	--forget)
		COMPREPLY=($(compgen -W '$("$1" "${config[@]}" route --list 2>/dev/null | cut -d " " -f 1)' -- "$cur"))
		return
		;;
	--json)
		if $split; then
			COMPREPLY=($(compgen -W 'pretty short off' -- "$cur"))
			return
		fi
		;;
	esac

	local options='--config --help --no-pager --version'
	case $command in
	apps) options+=' --all --json --no-legend' ;;
	check) options+=' --json' ;;
	explain) options+=' --pid --to --json --no-legend' ;;
	init) options+=' --yes' ;;
	route) options+=' --forget --json --list' ;;
	status) options+=' --json --no-legend --openmetrics --watch' ;;
	esac
	if [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W "-c -h -V $options" -- "$cur"))
		return
	fi

	if [[ $command == route ]] && ((words_after == 1)); then
		COMPREPLY=($(compgen -W '$("$1" "${config[@]}" targets 2>/dev/null)' -- "$cur"))
		return
	fi
	((words_after == 0)) || return
	case $command in
	'' | help) COMPREPLY=($(compgen -W 'apps check clear exec explain help init relay render route status targets top' -- "$cur")) ;;
	check) COMPREPLY=($(compgen -W 'config permission system' -- "$cur")) ;;
	exec) COMPREPLY=($(compgen -W '$("$1" "${config[@]}" targets 2>/dev/null)' -- "$cur")) ;;
	explain)
		if [[ $cur == /* ]]; then
			_cgtproxy_cgroups
		else
			_cgtproxy_names "$1"
		fi
		;;
	relay) COMPREPLY=($(compgen -W '$("$1" "${config[@]}" targets 2>/dev/null)' -X '@(direct|drop|refuse)' -- "$cur")) ;;
	route) _cgtproxy_names "$1" ;;
	esac
} && complete -F _cgtproxy cgtproxy
