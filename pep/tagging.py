"""What a PDF needs to be read aloud and kept for good, beyond what the PDF engine writes by itself.

Works on the finished objects of the file in memory, just before they are written, so it costs about a millisecond a page.
"""

import zlib
from collections.abc import Iterator

import pydyf

PAGINATION = pydyf.Dictionary({"Type": "/Pagination"})
# Elements that mean nothing by themselves.
WRAPPERS = ("/Span", "/NonStruct")


def complete(pdf: pydyf.PDF, metadata: bytes) -> None:
    """Make the tags of a PDF/A-3a file fit PDF/UA-1 too, and put ``metadata`` (a whole XMP packet) in place of the engine's."""
    elements = {item.reference: item for item in pdf.objects if isinstance(item, pydyf.Dictionary) and item.get("Type") == "/StructElem"}
    _drop_what_says_nothing(pdf, elements)
    _furniture_is_no_content(pdf, elements)
    for element in elements.values():
        if element["S"] == "/TH":
            _say_scope(element, elements)
        elif element["S"] == "/TD":
            element["A"].pop("Headers", None)
    # The engine lists each attached file twice.
    pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))
    packet = _object(pdf, pdf.catalog["Metadata"])
    packet.stream, packet.compress = [metadata], False
    pdf.objects[1:] = [_Written(item) for item in pdf.objects[1:]]


class _Written(pydyf.Object):
    """An object in its final bytes. The writer asks for them twice, for the identifier and for the file, and would make them twice.

    It would also pack streams as tightly as can be: a twentieth of a render for a twenty-fifth of the file.
    """

    data = b""
    compressible = False

    def __init__(self, source: pydyf.Object) -> None:
        super().__init__()
        self.number, self.generation, self.free = source.number, source.generation, source.free
        if source.free == "f":
            return
        if isinstance(source, pydyf.Stream) and source.compress:
            source = _packed(source)
        self.data, self.compressible = source.data, source.compressible


def _packed(stream: pydyf.Stream) -> pydyf.Stream:
    """The same stream, packed at zlib's usual level."""
    _, _, content = pydyf.Stream(stream.stream).data.partition(b"stream\n")
    return pydyf.Stream([zlib.compress(content.removesuffix(b"\nendstream"))], {**stream.extra, "Filter": "/FlateDecode"})


def _drop_what_says_nothing(pdf: pydyf.PDF, elements: dict[bytes, pydyf.Dictionary]) -> None:
    """Let a paragraph, heading or cell hold its text itself. The engine wraps each piece of it, so half of all objects are wrappers."""
    mapping = _object(pdf, _object(pdf, pdf.catalog["StructTreeRoot"])["ParentTree"])["Nums"]
    # Children come after their parents.
    for reference, element in reversed(elements.items()):
        parent = elements.get(element["P"])
        # Loose text keeps its wrapper: the document itself holds elements only.
        if element["S"] not in WRAPPERS or parent is None or parent["S"] == "/Document" or reference not in parent["K"]:
            continue
        if all(isinstance(kid, int) for kid in element["K"]):
            place = parent["K"].index(reference)
            parent["K"][place : place + 1] = element["K"]
            parents = mapping[2 * _object(pdf, element["Pg"])["StructParents"] + 1]
            for number in element["K"]:
                parents[number] = element["P"]
            # So the writer passes it over and lists it as free.
            element.free, element.number = "f", 0


def _object(pdf: pydyf.PDF, reference: bytes) -> pydyf.Object:
    return pdf.objects[int(reference.split()[0])]


def _say_scope(header: pydyf.Dictionary, elements: dict[bytes, pydyf.Dictionary]) -> None:
    """Say of a header cell whether it heads its column or its row.

    The engine links cells to headers by identifiers instead, and uses the same ones again where a table goes on over the page.
    """
    part = elements[elements[header["P"]]["P"]]
    header["A"]["Scope"] = "/Column" if part["S"] == "/THead" else "/Row"
    header.pop("ID", None)


def _furniture_is_no_content(pdf: pydyf.PDF, elements: dict[bytes, pydyf.Dictionary]) -> None:
    """Mark the running heads and feet as page furniture, which no screen reader reads out.

    The engine tags them like content but leaves them out of the reading order, which is neither one nor the other.
    """
    document = next(element for element in elements.values() if element["S"] == "/Document")
    read = set(document["K"])
    mapping = _object(pdf, _object(pdf, pdf.catalog["StructTreeRoot"])["ParentTree"])["Nums"]
    marks: dict[bytes, set[int]] = {}
    for reference, element in elements.items():
        if element["P"] == document.reference and reference not in read:
            marks.setdefault(element["Pg"], set()).update(_marks_in(element, elements))
    for page_reference, numbers in marks.items():
        page = _object(pdf, page_reference)
        parents = mapping[2 * page["StructParents"] + 1]
        for number in numbers:
            parents[number] = "null"
        content = _object(pdf, page["Contents"]).stream
        for place, item in enumerate(content):
            if isinstance(item, pydyf.Dictionary) and item.get("MCID") in numbers:
                content[place - 1 : place + 1] = ["/Artifact", PAGINATION]


def _marks_in(element: pydyf.Dictionary, elements: dict[bytes, pydyf.Dictionary]) -> Iterator[int]:
    """The numbers of all marked content under one element."""
    for kid in element["K"]:
        if isinstance(kid, int):
            yield kid
        else:
            yield from _marks_in(elements[kid], elements)
