// Tokens of a decoded content stream (ISO 32000-1, 7.2 and 7.8.2), without MuPDF.
//
// Made for counting: strings are told by their length, not unescaped; dictionaries are skipped.
// Borrows its input. One thread. Any bytes are safe.

#ifndef CBZFS_CODECS_PDF_CONTENT_LEXER_H_
#define CBZFS_CODECS_PDF_CONTENT_LEXER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cbzfs {

class ContentLexer {
 public:
  enum class Token : uint8_t {
    kEnd,
    kNumber,      // number()
    kName,        // text(), without the slash, #xx not decoded
    kString,      // string_bytes()
    kArrayOpen,   //
    kArrayClose,  //
    kDictOpen,    //
    kDictClose,   //
    kOperator,    // text()
  };

  explicit ContentLexer(std::string_view content)
      : at_(content.data()), end_(at_ + content.size()) {}

  Token Next();
  double number() const { return number_; }
  std::string_view text() const { return text_; }
  size_t string_bytes() const { return string_bytes_; }

  // After the ID operator of an inline image: past its data and the EI. `raw_bytes` is the length
  // of the data where it is not filtered, 0 otherwise. Returns the data's length.
  size_t SkipInlineImage(size_t raw_bytes);

 private:
  Token Number();
  Token String();
  Token HexString();

  const char* at_;
  const char* const end_;
  double number_ = 0;
  std::string_view text_;
  size_t string_bytes_ = 0;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_CONTENT_LEXER_H_
