# What ThreadSanitizer needs to know of libraries that are not compiled with it: cmake/tsan_absl.cc
# says which calls, and this hands the list of their names to the linker.
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/tsan_absl.cc wraps REGEX "^WRAP\\(")
add_library(cbzfs_tsan STATIC ${CMAKE_CURRENT_LIST_DIR}/tsan_absl.cc)
target_compile_options(cbzfs_tsan PRIVATE -fsanitize=thread)
target_link_libraries(cbzfs_tsan PUBLIC absl::synchronization)
foreach(line IN LISTS wraps)
  string(REGEX MATCH "_ZN[A-Za-z0-9_]+" name "${line}")
  # Undefined: a program that takes no lock itself may link libraries that do.
  target_link_options(cbzfs_tsan INTERFACE "LINKER:--wrap=${name},--undefined=__wrap_${name}")
endforeach()
target_link_libraries(cbzfs_flags INTERFACE cbzfs_tsan)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
             ${CMAKE_CURRENT_LIST_DIR}/tsan_absl.cc)
