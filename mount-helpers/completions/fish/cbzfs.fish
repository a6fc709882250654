# fish completion for cbzfs(1)
# tests/packaging compares the options here with those of cbzfs --help.

set -g __cbzfs_commands convert inspect status warm umount

function __cbzfs_mounting
    set -l words (commandline -opc)
    test (count $words) -lt 2; or not contains -- $words[2] $__cbzfs_commands
end

function __cbzfs_command
    set -l words (commandline -opc)
    test (count $words) -gt 1; and contains -- $words[2] $argv
end

function __cbzfs_mount_points
    string match -r '^\S+ \S+ fuse\.cbzfs ' </proc/self/mounts | while read -l line
        string unescape -- (string split ' ' -- $line)[2]
    end
end

# The mount options that may stand behind the last comma of the list that is being typed.
function __cbzfs_mount_options
    set -l list (commandline -ct | string replace -r '^(-o)?' '')
    set -l before (string match -r '^.*,' -- $list)
    for option in view=cbz view=enhanced view=thumbnails view=pages \
            views=cbz views=enhanced views=thumbnails views=pages \
            config= show_hidden repack=yes repack=no folders=yes folders=no names=number names=seed max_pages= thumb_size= \
            cover_height= \
            dpi=auto dpi=150 dpi=200 dpi=300 quality= original=yes original=no box=crop box=media \
            guard=4k guard=64k guard=0 comicinfo=yes comicinfo=no profile=seed enhance=seed enhance=none enhance_curve= \
            enhance_gamma= enhance_brightness= enhance_contrast= enhance_cutoff= workers= \
            sandbox=strict sandbox=off cache= memory= memory_warn= memory_trim= index=none index= \
            store=dir: store=redis:// store=unix:// size= passwords= read_ahead= ttl= watch=no watch= \
            draw_timeout= analyse_timeout= on_error=auto on_error=page on_error=eio \
            log=auto log=journal log=stderr log=syslog \
            log_level=error log_level=warn log_level=info log_level=debug log_level=trace \
            allow_other allow_root default_permissions auto_unmount fsname= subtype= max_read= \
            max_background= ro nosuid nodev noexec noatime nofail _netdev auto noauto user users x-
        echo -- "$before$option"
    end
end

complete -c cbzfs -f
complete -c cbzfs -n __cbzfs_mounting -a '(__fish_complete_directories)'
complete -c cbzfs -n __fish_is_first_token -a convert -d 'Write the CBZs to disk'
complete -c cbzfs -n __fish_is_first_token -a inspect -d 'Say of each page how it is made'
complete -c cbzfs -n __fish_is_first_token -a status -d 'Show what a mount is doing'
complete -c cbzfs -n __fish_is_first_token -a warm -d 'Have first pages at hand'
complete -c cbzfs -n __fish_is_first_token -a umount -d 'Unmount, and wait for the end'

complete -c cbzfs -s h -l help -d 'Print the options and end'
complete -c cbzfs -n __cbzfs_mounting -s f -l foreground -d 'Stay in the foreground'
complete -c cbzfs -n __cbzfs_mounting -s d -l debug -d 'The same, and log every request'
complete -c cbzfs -n __cbzfs_mounting -s V -l version -d 'Print versions and end'
complete -c cbzfs -n '__cbzfs_mounting; or __cbzfs_command convert inspect' \
    -s o -x -a '(__cbzfs_mount_options)' -d 'Mount options'

complete -c cbzfs -n '__cbzfs_command convert inspect warm' -F
complete -c cbzfs -n '__cbzfs_command convert inspect' -l enhance -d 'The enhanced view'
complete -c cbzfs -n '__cbzfs_command convert' -l thumbnails -d 'Covers and thumbnails'
complete -c cbzfs -n '__cbzfs_command convert' -l tight -d 'No padding'
complete -c cbzfs -n '__cbzfs_command convert' -l no-copy -d 'Leave out what is no PDF'
complete -c cbzfs -n '__cbzfs_command convert' -l force -d 'Write also what is up to date'
complete -c cbzfs -n '__cbzfs_command convert warm' -s j -l jobs -x -d 'How many at once'
complete -c cbzfs -n '__cbzfs_command convert warm' -s q -l quiet -d 'Say only what fails'
complete -c cbzfs -n '__cbzfs_command inspect' -l no-draw -d 'Draw nothing'
complete -c cbzfs -n '__cbzfs_command inspect status' -l json -d 'As JSON'
complete -c cbzfs -n '__cbzfs_command status' -s 1 -l once -d 'Print it once and end'
complete -c cbzfs -n '__cbzfs_command status' -l interval -x -d 'Seconds between two looks'
complete -c cbzfs -n '__cbzfs_command warm' -s n -l pages -x -d 'Pages of each book'
complete -c cbzfs -n '__cbzfs_command warm' -l all -d 'All of every file'
complete -c cbzfs -n '__cbzfs_command umount' -s z -l lazy -d 'Detach it now'
complete -c cbzfs -n '__cbzfs_command umount' -l timeout -x -d 'Seconds to wait'
complete -c cbzfs -n '__cbzfs_command status umount' -a '(__cbzfs_mount_points)' -d 'Mount point'
complete -c cbzfs -n '__cbzfs_command status umount' -a '(__fish_complete_directories)'
