// Dates, numbers and identifiers as metadata formats write them, in the form ComicInfo wants.
//
// Pure functions: any thread. Internal to codecs/metadata.

#ifndef CBZFS_CODECS_METADATA_DATES_H_
#define CBZFS_CODECS_METADATA_DATES_H_

#include <string>
#include <string_view>

#include "codecs/document/metadata.h"

namespace cbzfs {

// "2012", "2012-03", "2012-03-14T...": the year, month and day that it has (ISO 8601; the W3C's
// note datetime). Years before 1000 are how programs write that they know none.
void AddDate(std::string_view date, Metadata* info);

// "3.00" is 3, "2.50" is 2.5; what is no number stays as it is.
std::string PlainNumber(std::string_view number);

// A book's number (ISBN, EAN) without anything around it; "" where it is none.
std::string PlainIsbn(std::string_view text);

// The same of a URN ("urn:isbn:...", RFC 8254); "" for any other text.
std::string IsbnOfUrn(std::string_view text);

// A language tag (BCP 47), or "" for what is none: "x-default" and the like.
std::string_view LanguageTag(std::string_view text);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_METADATA_DATES_H_
