# The Debian package: `cpack -G DEB` in a build folder, or its target "package".
#
# It installs below /usr whatever the build's own prefix is; nothing in the programs or in what goes
# with them depends on that (mount-helpers/CMakeLists.txt; the daemon finds its worker beside it).

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME cbzfs)
set(CPACK_PACKAGE_VENDOR "cbzfs")
set(CPACK_PACKAGE_CONTACT "cbzfs maintainers <maintainers@users.noreply.r-seed-20eb2434.example>"
    CACHE STRING "Maintainer of the package: NAME <ADDRESS>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "FUSE filesystem in which every PDF reads as a CBZ comic")
set(CPACK_PACKAGE_DESCRIPTION
"cbzfs mounts a folder of comics a second time, and there every PDF is a CBZ
with its exact size, whose pages are made when somebody reads them. Scanned
pages are handed out as they are in the PDF, all others are drawn by processes
that are locked in a sandbox. Beside it are the same comics with faded paper
and dull ink made clear, their covers and thumbnails, and their pages as files.
.
The library is never written to. Comics can also be converted, inspected, and
mounted by mount(8), fstab, systemd units, and from file managers.")
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)

set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# fusermount3 and mount.fuse3.
set(CPACK_DEBIAN_PACKAGE_DEPENDS fuse3)
# What the thumbnailer takes covers from archives with.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "shared-mime-info, unzip")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libgdk-pixbuf2.0-bin, redis-server, xdg-utils, zenity | kdialog")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz CACHE STRING "Compression of the package: gzip is quick")
set(CPACK_THREADS 0)

# Debian's way with documentation, which other systems do not share.
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/package_files.cmake)
set(CPACK_CBZFS_SOURCE ${CMAKE_SOURCE_DIR})

include(CPack)
