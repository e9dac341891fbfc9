"""What can be wrong with a VM-state stream, beyond the errors that every codec knows."""

from __future__ import annotations

from collections.abc import Mapping

from wireformat.errors import ErrorEntry

CATALOGUE: Mapping[str, ErrorEntry] = {
    "vmstate/magic": ErrorEntry(
        "malformed",
        "the stream does not begin with QEVM",
        "A VM-state stream opens with the four bytes 51 45 56 4d. A multifd channel, a resumed postcopy connection, a "
        "compressed file or a qcow2 image does not. [qemu-stream 1.1]",
    ),
    "vmstate/version": ErrorEntry(
        "malformed",
        "the stream's version is not 3",
        "Version 3 is from 2009. Version 2 is the format before it, which no QEMU since 0.12 reads. [qemu-stream 1.1]",
    ),
    "vmstate/element": ErrorEntry(
        "malformed",
        "a type byte is unknown, or not legal at its place",
        "Every element begins with one of the type bytes 00 to 04, 06, 07 and 08; configuration comes only behind the "
        "header, the description only behind EOF. [qemu-stream 1.2]",
    ),
    "vmstate/section": ErrorEntry(
        "malformed",
        "a section is unknown or contradicts what introduced it",
        "PART and END name a section that START introduced; names are not empty. [qemu-stream 1.2]",
    ),
    "vmstate/footer": ErrorEntry(
        "malformed",
        "a section does not end with its footer",
        "Behind each section stands 7e and the section's id, unless the machine type is older than 2.4. Something else "
        "there means that the body is longer or shorter than its description. [qemu-stream 1.4]",
    ),
    "vmstate/border": ErrorEntry(
        "malformed",
        "no element can begin where a section ends",
        "Streams of machine types before 2.4 have no footers. What follows a section there must at least look like an "
        "element; it does not, so the section ended elsewhere. [qemu-stream 1.2]",
    ),
    "vmstate/description": ErrorEntry(
        "malformed",
        "the VM description cannot be used",
        "The description is JSON of a fixed shape, behind EOF. It lists the device sections in their order; a section "
        "that does not fit it is kept as bytes. A stream that went over to postcopy has none. [qemu-stream 1.5, 4]",
    ),
    "vmstate/ram-flags": ErrorEntry(
        "malformed",
        "a RAM word combines flags that do not belong together",
        "A word announces exactly one of ZERO, PAGE, XBZRLE and COMPRESS_PAGE, possibly with CONTINUE, or exactly one "
        "of MEM_SIZE, EOS and MULTIFD_FLUSH. HOOK needs RDMA. [qemu-stream 2.1]",
    ),
    "vmstate/ram-continue": ErrorEntry(
        "malformed",
        "a RAM record continues, but nothing precedes it",
        "CONTINUE means the block of the record before; the first record of a channel, and the first of postcopy, must "
        "name its block. [qemu-stream 2.1]",
    ),
    "vmstate/ram-block": ErrorEntry(
        "malformed",
        "a RAM record names a block that the block list lacks",
        "The list behind MEM_SIZE names every block before the first page. [qemu-stream 2.1.1]",
    ),
    "vmstate/ram-offset": ErrorEntry(
        "malformed",
        "a page lies outside its block",
        "The offset of a page must be below the block's used length. Believing it was CVE-2014-7840. "
        "[qemu-stream 2.1.2]",
    ),
    "vmstate/ram-total": ErrorEntry(
        "malformed",
        "the lengths of the RAM blocks do not add up to the announced sum",
        "MEM_SIZE announces the sum of all block lengths; the list ends when it is reached. [qemu-stream 2.1.1]",
    ),
    "vmstate/page-size": ErrorEntry(
        "malformed",
        "the target page size cannot be told",
        "Neither configuration, description nor postcopy advice states it, and no page size makes the RAM records "
        "plausible. [qemu-stream 2.1]",
    ),
    "vmstate/mapped-ram": ErrorEntry(
        "malformed",
        "a mapped-ram header points where it cannot",
        "Bitmap and pages lie behind the header and within the file, in order. [qemu-stream 8.1]",
    ),
    "vmstate/xbzrle": ErrorEntry(
        "malformed",
        "an XBZRLE patch is malformed or out of place",
        "Runs of unchanged and new bytes alternate, none but the first is empty, and together they fit the page. Only "
        "a page that was sent is patched, and none in postcopy or beside multifd. [qemu-stream 2.1.3]",
    ),
    "vmstate/compressed": ErrorEntry(
        "malformed",
        "a compressed page does not inflate to one page",
        "Each compressed page is a complete zlib stream of exactly one page. [qemu-stream 2.1]",
    ),
    "vmstate/name": ErrorEntry(
        "malformed",
        "a name is empty or not printable",
        "Names of sections and RAM blocks are printable text. QEMU itself accepts any bytes. [qemu-stream 1.2, 2.1.1]",
    ),
    "vmstate/configuration": ErrorEntry(
        "malformed",
        "the configuration holds something that no machine has",
        "The machine has a printable name; of all capabilities only x-ignore-shared and mapped-ram are ever listed. "
        "[qemu-stream 1.3]",
    ),
    "vmstate/block-list": ErrorEntry(
        "malformed",
        "the list of RAM blocks contradicts itself",
        "Each block has a name of its own and a length of whole pages; a second list must repeat the first. "
        "[qemu-stream 2.1.1]",
    ),
    "vmstate/ram-fill": ErrorEntry(
        "malformed",
        "a zero page is filled with another byte",
        "Senders before 1.5 could fill a page with any byte. Since 8.2 QEMU refuses all but zero. [qemu-stream 2.1]",
    ),
    "vmstate/disk": ErrorEntry(
        "malformed",
        "a record of disk contents has flags that mean nothing",
        "A record of the section block is a piece of disk, possibly all zero, a percentage, or the end. "
        "[qemu-stream 2.2]",
    ),
    "vmstate/bitmap": ErrorEntry(
        "malformed",
        "a chunk of a dirty bitmap makes no sense",
        "A chunk starts a bitmap, carries bits of one that was started, or completes it; names that it leaves out "
        "are those of the chunk before. [qemu-stream 2.3]",
    ),
    "vmstate/command": ErrorEntry(
        "malformed",
        "a command comes at the wrong time, or with impossible values",
        "Postcopy is advised, then discards, then listens, then runs; pings need a return path; what is discarded are "
        "pages of a block; advised page sizes are those of the memory. [qemu-stream 5, 5.2]",
    ),
    "vmstate/trailing": ErrorEntry(
        "malformed",
        "something follows the end of the stream",
        "The description, or EOF where there is none, comes last. A snapshot inside a disk image is filled up with "
        "zeros. [qemu-stream 1.5, 8.3]",
    ),
}
