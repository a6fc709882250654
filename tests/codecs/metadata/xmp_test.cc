#include "codecs/metadata/xmp.h"

#include <gtest/gtest.h>

#include <string>

namespace cbzfs {
namespace {

// A packet as calibre writes it, with all that is looked at.
constexpr char kCalibre[] = R"(<?xpacket begin="&#xfeff;" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:calibre="http://calibre-ebook.com/xmp-namespace"
    xmlns:calibreSI="http://calibre-ebook.com/xmp-namespace-series-index"
    xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/">
<dc:title><rdf:Alt><rdf:li xml:lang="fr">Le titre</rdf:li>
  <rdf:li xml:lang="x-default">The Title</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>Ann Author</rdf:li><rdf:li>Bob Both</rdf:li></rdf:Seq></dc:creator>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">What happens.</rdf:li></rdf:Alt></dc:description>
<dc:subject><rdf:Bag><rdf:li>Space</rdf:li><rdf:li>Opera</rdf:li></rdf:Bag></dc:subject>
<dc:publisher><rdf:Bag><rdf:li>House</rdf:li></rdf:Bag></dc:publisher>
<dc:language><rdf:Bag><rdf:li>en</rdf:li></rdf:Bag></dc:language>
<dc:date><rdf:Seq><rdf:li>2012-03-14T00:00:00+00:00</rdf:li></rdf:Seq></dc:date>
<calibre:series rdf:parseType="Resource"><rdf:value>Saga</rdf:value>
  <calibreSI:series_index>3.00</calibreSI:series_index></calibre:series>
<prism:isbn>978-1-60706-601-9</prism:isbn>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>)";

std::string Get(const Metadata& info, ComicField field) { return std::string(info.Get(field)); }

TEST(XmpTest, WhatCalibreWritesIsUnderstood) {
  const Metadata info = ReadXmp(kCalibre);
  EXPECT_EQ(Get(info, ComicField::kTitle), "The Title");
  EXPECT_EQ(Get(info, ComicField::kWriter), "Ann Author, Bob Both");
  EXPECT_EQ(Get(info, ComicField::kSummary), "What happens.");
  EXPECT_EQ(Get(info, ComicField::kTags), "Space, Opera");
  EXPECT_EQ(Get(info, ComicField::kPublisher), "House");
  EXPECT_EQ(Get(info, ComicField::kLanguageIso), "en");
  EXPECT_EQ(Get(info, ComicField::kYear), "2012");
  EXPECT_EQ(Get(info, ComicField::kMonth), "3");
  EXPECT_EQ(Get(info, ComicField::kDay), "14");
  EXPECT_EQ(Get(info, ComicField::kSeries), "Saga");
  EXPECT_EQ(Get(info, ComicField::kNumber), "3");
  EXPECT_EQ(Get(info, ComicField::kGtin), "9781607066019");
  EXPECT_EQ(info.fields().size(), 12u);
}

// Prefixes are names of the file's choice, and a text may be an attribute.
TEST(XmpTest, OtherSpellingsOfRdfSayTheSame) {
  const Metadata info = ReadXmp(
      "<r:RDF xmlns:r=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
      "<r:Description xmlns:d=\"http://purl.org/dc/elements/1.1/\" d:title=\"As attribute\""
      " xmlns:c=\"http://calibre-ebook.com/xmp-namespace\""
      " xmlns:s=\"http://calibre-ebook.com/xmp-namespace-series-index\">"
      "<c:series><r:Description><r:value>Inner</r:value><s:series_index>2.50</s:series_index>"
      "</r:Description></c:series></r:Description></r:RDF>");
  EXPECT_EQ(Get(info, ComicField::kTitle), "As attribute");
  EXPECT_EQ(Get(info, ComicField::kSeries), "Inner");
  EXPECT_EQ(Get(info, ComicField::kNumber), "2.5");
}

TEST(XmpTest, NamesOfOtherNamespacesSayNothing) {
  const Metadata info = ReadXmp(
      "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
      "<rdf:Description xmlns:dc=\"urn:not-dublin-core\" title=\"no prefix\">"
      "<dc:title>Wrong</dc:title></rdf:Description></rdf:RDF>");
  EXPECT_TRUE(info.empty());
}

TEST(XmpTest, WhatIsNoXmpSaysNothing) {
  EXPECT_TRUE(ReadXmp("").empty());
  EXPECT_TRUE(ReadXmp("no XML at all").empty());
  EXPECT_TRUE(ReadXmp(std::string(kMaxXmpBytes + 1, ' ') + kCalibre).empty());
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  EXPECT_TRUE(ReadXmp(deep).empty());
}

// A packet is often cut: what stands before counts.
TEST(XmpTest, ADamagedPacketSaysWhatStandsBeforeTheDamage) {
  const std::string whole = kCalibre;
  const Metadata info = ReadXmp(whole.substr(0, whole.find("<dc:subject>")));
  EXPECT_EQ(Get(info, ComicField::kTitle), "The Title");
  EXPECT_EQ(Get(info, ComicField::kTags), "");
}

}  // namespace
}  // namespace cbzfs
