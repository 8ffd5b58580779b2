# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: MIT
#
# Completion for fish.

# The words before the cursor without options and what they take; the first is cgtproxy, the second the command.
function __cgtproxy_words
    set -l skip false
    for word in (commandline --tokenize --cut-at-cursor)
        if $skip
            set skip false
        else if contains -- $word -c --config --pid --forget --to
            set skip true
        else if not string match --quiet -- '-*' $word
            echo -- $word
        end
    end
end

function __cgtproxy_needs_command
    test (count (__cgtproxy_words)) -eq 1
end

# Whether the command is one of these.
function __cgtproxy_command
    set -l words (__cgtproxy_words)
    contains -- "$words[2]" $argv
end

# Whether the command is this one, and its first word comes next.
function __cgtproxy_first_word
    set -l words (__cgtproxy_words)
    test (count $words) -eq 2; and test "$words[2]" = $argv[1]
end

# Whether the command is this one, and its second word comes next.
function __cgtproxy_second_word
    set -l words (__cgtproxy_words)
    test (count $words) -eq 3; and test "$words[2]" = $argv[1]
end

# What a command prints, with the config that the command line names, if it names one.
function __cgtproxy_output
    set -l words (commandline --tokenize --cut-at-cursor)
    set -l config
    for i in (seq (count $words))
        switch $words[$i]
            case -c --config
                test $i -eq (count $words); or set config -c $words[(math $i + 1)]
            case '--config=*' '-c*'
                set config $words[$i]
        end
    end
    command $words[1] $config $argv 2>/dev/null
end

function __cgtproxy_targets
    __cgtproxy_output targets
end

# Whatever is no word of the config's is the name of a proxy.
function __cgtproxy_proxies
    __cgtproxy_output targets | string match --invert --regex '^(direct|drop|refuse)$'
end

function __cgtproxy_routes
    __cgtproxy_output route --list | string split --fields 1 ' '
end

# What is running, by the words that its rules use; or cgroups.
function __cgtproxy_names
    __cgtproxy_output apps --all --json | string match --regex --groups-only '^ *"value": "([A-Za-z0-9_.@-]*)",?$'
end

function __cgtproxy_names_or_cgroups
    if string match --quiet -- '/*' (commandline --current-token)
        __cgtproxy_cgroups
    else
        __cgtproxy_names
    end
end

# Cgroups, as paths below the mount, one level at a time.
function __cgtproxy_cgroups
    set -l mount
    for directory in (findmnt --noheadings --list --types cgroup2 --output TARGET)
        if test -e $directory/cgroup.controllers # another mount may cover it
            set mount $directory
            break
        end
    end
    test -n "$mount"; or return
    set -l begin (commandline --current-token)
    set -l escaped_mount (string escape --style=regex -- $mount)
    string match --quiet -- '/*' $begin; or set begin /
    __fish_complete_directories $mount$begin | string replace --regex -- "^$escaped_mount" ''
end

# What follows the target of exec is another program's command line.
function __cgtproxy_program
    set -l words (commandline --tokenize --cut-at-cursor) (commandline --current-token)
    set -l seen (count (__cgtproxy_words))
    test $seen -ge 3; or return 1
    set -l target (__cgtproxy_words)[3]
    while test (count $words) -gt 0; and test "$words[1]" != $target
        set --erase words[1]
    end
    set --erase words[1]
    test "$words[1]" = --; and set --erase words[1]
    complete --do-complete "$words"
end

complete -c cgtproxy -f
complete -c cgtproxy -n 'not __cgtproxy_command exec' -s c -l config -rF -d 'The config file'
complete -c cgtproxy -n 'not __cgtproxy_command exec' -s h -l help -d 'Show help'
complete -c cgtproxy -n 'not __cgtproxy_command exec' -s V -l version -d 'Show the version'
complete -c cgtproxy -n 'not __cgtproxy_command exec' -l no-pager -d 'Show long output as it is'
complete -c cgtproxy -n __cgtproxy_needs_command -a apps -d 'List what is running and where its traffic goes'
complete -c cgtproxy -n __cgtproxy_needs_command -a check -d 'Check config, permission and system'
complete -c cgtproxy -n __cgtproxy_needs_command -a clear -d 'Remove what an earlier run left behind'
complete -c cgtproxy -n __cgtproxy_needs_command -a exec -d 'Run a command with a given target'
complete -c cgtproxy -n __cgtproxy_needs_command -a explain -d 'Show where the traffic of a program goes and why'
complete -c cgtproxy -n __cgtproxy_needs_command -a help -d 'Show help'
complete -c cgtproxy -n __cgtproxy_needs_command -a init -d 'Write a first config'
complete -c cgtproxy -n __cgtproxy_needs_command -a relay -d 'Run the relay of a proxy in the foreground'
complete -c cgtproxy -n __cgtproxy_needs_command -a render -d 'Print the ruleset'
complete -c cgtproxy -n __cgtproxy_needs_command -a route -d 'Send an application, unit, slice or user to a target'
complete -c cgtproxy -n __cgtproxy_needs_command -a status -d 'Show what is in force'
complete -c cgtproxy -n __cgtproxy_needs_command -a targets -d 'List the targets of rules'
complete -c cgtproxy -n __cgtproxy_needs_command -a top -d 'Show what is running on the whole screen, with rates'
complete -c cgtproxy -n '__cgtproxy_first_word check' -a 'config permission system'
complete -c cgtproxy -n '__cgtproxy_first_word help' -a 'apps check clear exec explain help init relay render route status targets top'
complete -c cgtproxy -n '__cgtproxy_first_word exec' -a '(__cgtproxy_targets)'
complete -c cgtproxy -n '__cgtproxy_command exec; and not __cgtproxy_first_word exec' -a '(__cgtproxy_program)'
complete -c cgtproxy -n '__cgtproxy_command apps check explain route status' -l json -d 'Print JSON'
complete -c cgtproxy -n '__cgtproxy_command init' -s y -l yes -d 'Take the defaults'
complete -c cgtproxy -n '__cgtproxy_command apps' -l all -d 'Also list what has no sockets'
complete -c cgtproxy -n '__cgtproxy_command apps' -l no-legend -d 'Print neither headings nor notes'
complete -c cgtproxy -n '__cgtproxy_command route' -l forget -x -a '(__cgtproxy_routes)' -d 'Remove the rule for this'
complete -c cgtproxy -n '__cgtproxy_command route' -l list -d 'List the rules'
complete -c cgtproxy -n '__cgtproxy_second_word route' -a '(__cgtproxy_targets)'
complete -c cgtproxy -n '__cgtproxy_command explain status' -l no-legend -d 'Print no headings'
complete -c cgtproxy -n '__cgtproxy_command status' -l watch -d 'Refresh every second'
complete -c cgtproxy -n '__cgtproxy_command status' -l openmetrics -d 'Print metrics for Prometheus'
complete -c cgtproxy -n '__cgtproxy_command explain' -l pid -x -a '(__fish_complete_pids)' -d 'Process ID'
complete -c cgtproxy -n '__cgtproxy_command explain' -l to -x -d 'A destination: [tcp/|udp/]ADDRESS[:PORT]'
complete -c cgtproxy -n '__cgtproxy_first_word relay' -a '(__cgtproxy_proxies)'
complete -c cgtproxy -n '__cgtproxy_first_word explain' -a '(__cgtproxy_names_or_cgroups)'
complete -c cgtproxy -n '__cgtproxy_first_word route' -a '(__cgtproxy_names)'
