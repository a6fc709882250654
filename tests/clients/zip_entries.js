// What yauzl makes of a ZIP archive; the same commands and output as ZipEntries.java, but "stream".
'use strict';

const crc32 = require('buffer-crc32');
const yauzl = require('yauzl');

const [command, path, wanted] = process.argv.slice(2);

function fail(error) {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
}

function print(entry, size, crc) {
  process.stdout.write(`${entry.fileName} ${size} ${(crc >>> 0).toString(16).padStart(8, '0')}\n`);
}

yauzl.open(path, {lazyEntries: true}, (error, book) => {
  if (error) fail(error);
  book.on('error', fail);
  book.on('entry', (entry) => {
    if (command === 'list') {
      print(entry, entry.uncompressedSize, entry.crc32);
      book.readEntry();
      return;
    }
    if (command === 'page' && entry.fileName !== wanted) {
      book.readEntry();
      return;
    }
    book.openReadStream(entry, (problem, stream) => {
      if (problem) fail(problem);
      const chunks = [];
      stream.on('error', fail);
      stream.on('data', (chunk) => chunks.push(chunk));
      stream.on('end', () => {
        const data = Buffer.concat(chunks);
        if (command === 'page') {
          process.stdout.write(data);
          return;
        }
        print(entry, data.length, crc32.unsigned(data));
        book.readEntry();
      });
    });
  });
  book.readEntry();
});
