"""Reads the bundle of an audit with Python's own zipfile: another implementation than the service's.

    python3 unzip.py BUNDLE.zip

Prints one line of JSON, the bytes of each file in base64 by its name. Ends with 1 for what is no zip, has a
name twice, or is larger than any bundle, and with 2 if the file could not be read.
"""

import base64
import json
import sys
import zipfile

LIMIT = 8 * 1024 * 1024


def read(path):
    with zipfile.ZipFile(path) as bundle:
        entries = bundle.infolist()
        names = [entry.filename for entry in entries]
        if len(set(names)) != len(names):
            raise ValueError("a name is there twice")
        if sum(entry.file_size for entry in entries) > LIMIT:
            raise ValueError("it is larger than any bundle")
        # Reading compares the name before the file, and its checksum behind it.
        return {entry.filename: bundle.read(entry) for entry in entries}


def main():
    try:
        files = read(sys.argv[1])
    except OSError as error:
        print(error, file=sys.stderr)
        return 2
    except (ValueError, zipfile.BadZipFile, NotImplementedError) as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps({name: base64.b64encode(data).decode("ascii") for name, data in files.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
