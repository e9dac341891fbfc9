"""The bit boxes as SVG: the same pieces as in ASCII, with colours of the page and the field's sentence on hover.

Lines and letters take the page's text colour, so that the picture fits light and dark; a picture that is opened by
itself brings its own style.
"""

from __future__ import annotations

from wireformat.derive.bitbox import ROW_BITS, Box, Piece, label_of, pieces
from wireformat.derive.colours import colour
from wireformat.derive.escape import html
from wireformat.schema import model

BIT_WIDTH, ROW_HEIGHT, TOP, MARGIN = 20, 34, 18, 1
LETTER_WIDTH = 7.2

STYLE = (
    "<style>svg{color:#222;background:#fff;font:12px monospace}"
    "@media(prefers-color-scheme:dark){svg{color:#ddd;background:#1e2129}}</style>"
)


def svg_boxes(found: list[Box], title: str, record: model.Record, is_alone: bool = False) -> str:
    """The picture; empty where there is nothing to draw. `is_alone`: for a file of its own."""
    cut = pieces(found)
    if not cut:
        return ""
    width, height = ROW_BITS * BIT_WIDTH + 2 * MARGIN, TOP + (cut[-1].row + 1) * ROW_HEIGHT + 2 * MARGIN
    namespace = ' xmlns="http://www.w3.org/2000/svg"' if is_alone else ""
    parts = [
        f'<svg{namespace} class="wf-bits" viewBox="0 0 {width} {height}" role="img" font-size="12"'
        f' font-family="monospace"><title>{html(title)}</title>',
        STYLE if is_alone else "",
        *(_ruler(bit) for bit in range(0, ROW_BITS, 8)),
        *(_piece(piece, record) for piece in cut),
        "</svg>",
    ]
    return "\n".join(filter(None, parts))


def _ruler(bit: int) -> str:
    return f'<text x="{MARGIN + bit * BIT_WIDTH + 2}" y="{TOP - 5}" font-size="10" fill="currentColor">{bit}</text>'


def _piece(piece: Piece, record: model.Record) -> str:
    x, y = MARGIN + piece.column * BIT_WIDTH, TOP + piece.row * ROW_HEIGHT
    width = piece.bits * BIT_WIDTH
    place = f'x="{x}" y="{y}" width="{width}" height="{ROW_HEIGHT}"'
    box = f'<rect class="wf-box {colour(record, piece.box.name)}" {place} fill="none"/>'
    return (
        f"<g><title>{html(_hover(piece.box))}</title>{box}{_edges(piece, x, y, width)}{_label(piece, x, y, width)}</g>"
    )


def _hover(box: Box) -> str:
    size = "size varies" if box.is_open else f"{box.bits} bits"
    where = f"byte {box.start // 8}" + (f", bit {box.start % 8}" if box.start % 8 else "")
    return f"{box.name or 'always zero'}: {where}, {size}. {' '.join(box.doc.split())}"


def _edges(piece: Piece, x: int, y: int, width: int) -> str:
    """The lines round a piece; none between the rows of one box."""
    dashed = ' stroke-dasharray="4 3"' if piece.box.is_open else ""
    top = f"M{x} {y}h{width}" if piece.is_first else ""
    bottom = f"M{x} {y + ROW_HEIGHT}h{width}" if piece.is_last else ""
    sides = f"M{x} {y}v{ROW_HEIGHT}M{x + width} {y}v{ROW_HEIGHT}"
    return f'<path d="{sides}{top}{bottom}" stroke="currentColor" fill="none"{dashed}/>'


def _label(piece: Piece, x: int, y: int, width: int) -> str:
    """The name in the middle, cut where it does not fit; what is missing is in the title."""
    label, room = label_of(piece), int((width - 4) / LETTER_WIDTH)
    if not label or room < 1:
        return ""
    if len(label) > room:
        label = label[: max(room - 1, 1)] + ("…" if room > 1 else "")
    return (
        f'<text x="{x + width / 2:g}" y="{y + ROW_HEIGHT / 2 + 4:g}" text-anchor="middle" fill="currentColor">'
        f"{html(label)}</text>"
    )
