"""Opens the certificate at a URL of the gateway, and reads its text."""

import io
import sys
from urllib.request import urlopen

from pypdf import PdfReader

with urlopen(sys.argv[1]) as response:
    assert response.headers["content-type"] == "application/pdf", response.headers
    reader = PdfReader(io.BytesIO(response.read()), strict=True)
assert len(reader.pages) == 1
lines = reader.pages[0].extract_text().splitlines()
expected = ["Income Certificate", "Certificate number: JKC-", "District (LGD code): 13", "Issued to: Sample Citizen 9001"]
for text in expected:
    assert any(line.startswith(text) for line in lines), (text, lines)
print("pypdf: the certificate has", len(lines), "lines")
