# cbzfs_fuzz(NAME SOURCE... LIBS target... [DEFINES definition...]): one fuzz target, the program
# fuzz_NAME, with its kept inputs in tests/fuzz/corpus/NAME. In the preset `fuzz` it is linked with
# libFuzzer, which clang brings along; in every other one with a main that runs files. Either way
# ctest runs the kept inputs through it once (label fuzz).
#
# All code of this project is instrumented in that preset, because CBZFS_SANITIZE is for all of it.
set(CBZFS_FUZZER OFF)
if(CBZFS_SANITIZE MATCHES fuzzer)
  set(CBZFS_FUZZER ON)
endif()

add_custom_target(fuzz_targets)

if(NOT CBZFS_FUZZER)
  add_library(cbzfs_fuzz_replay STATIC replay_main.cc)
  target_link_libraries(cbzfs_fuzz_replay PRIVATE cbzfs_flags)
endif()

function(cbzfs_fuzz name)
  cmake_parse_arguments(arg "" "" "LIBS;DEFINES" ${ARGN})
  set(program fuzz_${name})
  set(corpus ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
  add_executable(${program} ${arg_UNPARSED_ARGUMENTS})
  target_compile_definitions(${program} PRIVATE ${arg_DEFINES})
  target_link_libraries(${program} PRIVATE cbzfs_flags ${arg_LIBS})
  add_dependencies(fuzz_targets ${program})
  if(CBZFS_FUZZER)
    target_link_options(${program} PRIVATE -fsanitize=fuzzer)
    add_test(NAME fuzz.${name} COMMAND ${program} -runs=0 -rss_limit_mb=4096 ${corpus})
  else()
    target_link_libraries(${program} PRIVATE cbzfs_fuzz_replay)
    add_test(NAME fuzz.${name} COMMAND ${program} ${corpus})
  endif()
  set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 300)
endfunction()
