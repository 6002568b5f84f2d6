# embed_file(target file symbol): the bytes of `file` as `extern const std::string_view symbol`,
# declared by whoever uses it, in namespace `target`.

function(embed_file target file symbol)
  set(input ${CMAKE_CURRENT_SOURCE_DIR}/${file})
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.embedded.cc)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DINPUT=${input} -DOUTPUT=${output} -DNAMESPACE=${target}
            -DSYMBOL=${symbol} -P ${CMAKE_SOURCE_DIR}/cmake/embed_script.cmake
    DEPENDS ${input} ${CMAKE_SOURCE_DIR}/cmake/embed_script.cmake
    COMMENT "embedding ${file}")
  target_sources(${target} PRIVATE ${output})
endfunction()
