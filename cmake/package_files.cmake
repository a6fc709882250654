# Run by cpack between installing and packing: what a Debian package has and an installation does
# not. Manual pages and changelogs are compressed (-n: without the time), licences are said.

set(usr ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr)
set(doc ${usr}/share/doc/${CPACK_PACKAGE_NAME})
set(debian ${CPACK_CBZFS_SOURCE}/mount-helpers/debian)

macro(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endmacro()

file(GLOB pages ${usr}/share/man/man*/*.[1-9])
run(gzip -9nf ${pages})

file(MAKE_DIRECTORY ${doc}/static)
configure_file(${CPACK_CBZFS_SOURCE}/CHANGELOG.md ${doc}/changelog COPYONLY)
configure_file(${debian}/changelog ${doc}/changelog.Debian COPYONLY)
run(gzip -9nf ${doc}/changelog ${doc}/changelog.Debian)

# Debian has no copy of this licence that could be pointed to.
run(sed -e "s/^$/./" -e "s/^/ /" ${CPACK_CBZFS_SOURCE}/LICENSE OUTPUT_VARIABLE licence)
file(READ ${debian}/copyright copyright)
file(WRITE ${doc}/copyright "${copyright}${licence}")
foreach(package IN ITEMS libabsl-dev libmupdf-dev libprotobuf-dev)
  if(EXISTS /usr/share/doc/${package}/copyright)
    configure_file(/usr/share/doc/${package}/copyright ${doc}/static/${package} COPYONLY)
  else()
    message(WARNING "/usr/share/doc/${package}/copyright is missing, and so in the package")
  endif()
endforeach()

run(chmod -R u=rwX,go=rX ${CPACK_TEMPORARY_INSTALL_DIRECTORY})
