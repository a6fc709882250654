// What Java's own classes make of a ZIP archive:
//
//   java ZipEntries.java list FILE          ZipFile: a line "name size crc" for each entry
//   java ZipEntries.java page FILE NAME     ZipFile: the bytes of one entry
//   java ZipEntries.java all FILE           ZipFile: every entry read; the lines say what was read
//   java ZipEntries.java stream FILE        ZipInputStream: the same, without the directory

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.Collections;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipInputStream;

public final class ZipEntries {
  private static final PrintStream OUT = System.out;

  private static void line(String name, long size, long crc) {
    OUT.printf("%s %d %08x%n", name, size, crc);
  }

  private static void readAndPrint(ZipEntry entry, InputStream in) throws IOException {
    byte[] data = in.readAllBytes();
    CRC32 crc = new CRC32();
    crc.update(data);
    line(entry.getName(), data.length, crc.getValue());
  }

  public static void main(String[] arguments) throws IOException {
    String path = arguments[1];
    if (arguments[0].equals("stream")) {
      try (ZipInputStream book = new ZipInputStream(new FileInputStream(path))) {
        for (ZipEntry entry = book.getNextEntry(); entry != null; entry = book.getNextEntry()) {
          readAndPrint(entry, book);
        }
      }
      return;
    }
    try (ZipFile book = new ZipFile(path)) {
      if (arguments[0].equals("page")) {
        OUT.write(book.getInputStream(book.getEntry(arguments[2])).readAllBytes());
        OUT.flush();
        return;
      }
      for (ZipEntry entry : Collections.list(book.entries())) {
        if (arguments[0].equals("list")) {
          line(entry.getName(), entry.getSize(), entry.getCrc());
        } else {
          readAndPrint(entry, book.getInputStream(entry));
        }
      }
    }
  }
}
