"""The table of captures: which machine, which feature, why it is kept.

One row makes one capture. `how` is `file` (a migration to a file through `exec:`), `mapped` (to a file by
offset), or `tcp` (to a second QEMU through the tap). `FIRMWARE` and `DISK` in arguments stand for files made for the run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

X86 = "qemu-system-x86_64"
PLAIN = ("-serial", "null")
TINY = ("-bios", "FIRMWARE", "-serial", "null")
DISK = ("-drive", "file=DISK,format=raw,if=none,id=d1", "-device", "virtio-blk-pci,drive=d1,romfile=")
QCOW = ("-drive", "file=DISK,format=qcow2,if=none,id=d1", "-device", "virtio-blk-pci,drive=d1,romfile=")


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """How one capture is made, and what makes it worth keeping."""

    name: str
    shows: str
    machine: str
    arguments: tuple[str, ...]
    program: str = X86
    how: str = "file"
    capabilities: tuple[str, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)
    plan: str = "wait"
    memory: str = "8"
    seconds: float = 0.5


def _old(version: str, shows: str) -> Scenario:
    machine = f"pc-i440fx-{version}"
    return Scenario(name=f"pc-{version}", shows=shows, machine=machine, arguments=TINY)


def _arch(name: str, program: str, machine: str, shows: str, *arguments: str, memory: str = "16") -> Scenario:
    return Scenario(
        name=name,
        program=f"qemu-system-{program}",
        machine=machine,
        shows=shows,
        arguments=arguments,
        memory=memory,
    )


OLD_MACHINES = (
    _old("1.7", "oldest kind of machine: no configuration section, no footers"),
    _old("2.2", "no VM description is sent (suppress-vmdesc by machine)"),
    _old("2.3", "no configuration section, no footers; a VM description"),
    _old("2.4", "configuration section and footers appear"),
    _old("2.12", "virtio and PCI state as machine 2.12 sends it"),
    Scenario(
        name="pc-suppress-vmdesc",
        shows="a stream that ends at EOF, without VM description",
        machine="pc,suppress-vmdesc=on",
        arguments=TINY,
    ),
)

DEVICES = (
    Scenario(
        name="q35-rich",
        shows="USB, SCSI, HD audio, pluggable memory, two processors",
        machine="q35",
        memory="16,slots=2,maxmem=256M",
        arguments=(
            *TINY,
            *("-smp", "2", "-vga", "cirrus", "-device", "qemu-xhci,id=x", "-device", "usb-tablet,bus=x.0"),
            *("-device", "usb-kbd,bus=x.0", "-device", "virtio-scsi-pci", "-device", "e1000e,romfile="),
            *(
                "-audiodev",
                "none,id=a0",
                "-device",
                "intel-hda",
                "-device",
                "hda-duplex,audiodev=a0",
                "-device",
                "virtio-balloon-pci",
            ),
            *("-device", "virtio-serial-pci", "-device", "pcie-root-port,id=rp1,chassis=1"),
            *("-device", "i6300esb", "-device", "pvpanic", "-device", "vmgenid"),
            *("-device", "ich9-usb-ehci1,id=e"),
        ),
    ),
    Scenario(
        name="q35-cards",
        shows="SATA, three SCSI and three network cards, SD, sound",
        machine="q35",
        arguments=(
            *TINY,
            *(
                "-audiodev",
                "none,id=a0",
                "-device",
                "ahci,id=a2",
                "-device",
                "rtl8139,romfile=",
                "-device",
                "vmxnet3,romfile=",
            ),
            *("-device", "lsi53c895a", "-device", "sdhci-pci", "-device", "am53c974"),
            *(
                "-device",
                "pcnet,romfile=",
                "-device",
                "ES1370,audiodev=a0",
                "-device",
                "AC97,audiodev=a0",
                "-device",
                "tpci200",
            ),
            *("-device", "megasas", "-device", "edu"),
        ),
    ),
    Scenario(
        name="q35-virtio",
        shows="virtio devices of many kinds",
        machine="q35",
        arguments=(
            *TINY,
            *("-device", "virtio-net-pci,romfile=,mq=on", "-device", "virtio-rng-pci"),
            *("-device", "virtio-gpu-pci", "-device", "virtio-keyboard-pci", "-device", "virtio-tablet-pci"),
            *("-device", "virtio-iommu-pci", "-device", "virtio-balloon-pci"),
        ),
    ),
    Scenario(
        name="q35-virtio-mem",
        shows="virtio-mem: unplugged parts of a block, early device state",
        machine="q35",
        memory="8,maxmem=64M",
        arguments=(
            *TINY,
            *("-object", "memory-backend-ram,id=m0,size=16M"),
            *("-device", "virtio-mem-pci,id=v0,memdev=m0,requested-size=4M"),
        ),
    ),
    Scenario(
        name="isapc-cold",
        shows="an ISA machine of 1995 before its first instruction",
        machine="isapc",
        arguments=(
            *TINY,
            "-cpu",
            "486",
            "-S",
            "-device",
            "ne2k_isa",
            "-audiodev",
            "none,id=a0",
            "-device",
            "sb16,audiodev=a0",
        ),
    ),
    Scenario(name="microvm", shows="a machine without PCI", machine="microvm", arguments=TINY),
)

ARCHITECTURES = (
    _arch("aarch64-virt", "aarch64", "virt", "target page bits in the configuration", "-cpu", "cortex-a57"),
    _arch("arm-vexpress", "arm", "vexpress-a9", "pages of 1 KiB", *PLAIN),
    _arch("ppc64-pseries", "ppc64", "pseries", "spapr/htab: a hash table sent in parts", *PLAIN, memory="256"),
    _arch(
        "s390x-ccw",
        "s390x",
        "s390-ccw-virtio",
        "storage keys and attributes, css pointers",
        *("-device", "virtio-net-ccw", "-no-shutdown"),
    ),
    _arch("m68k-virt", "m68k", "virt", "a big-endian 32-bit processor", *PLAIN),
    _arch("mips-malta", "mips", "malta", "big-endian MIPS", *PLAIN, "-S"),
    _arch("mipsel-malta", "mipsel", "malta", "little-endian MIPS", *PLAIN, "-S"),
    _arch("hppa", "hppa", "hppa", "PA-RISC", "-S", memory="64"),
    _arch("avr-uno", "avr", "uno", "pages of 256 bytes", "-S", memory=""),
    _arch("sparc-ss5", "sparc", "SS-5", "SPARC, an SCSI and a network chip on SBus", "-S", memory="8"),
    _arch("microblaze", "microblaze", "petalogix-s3adsp1800", "MicroBlaze", "-S", memory=""),
    _arch("ppc-g3beige", "ppc", "g3beige", "PowerPC Macintosh", "-S", memory="16"),
)

SLOW = {"max-bandwidth": 1 << 19}
FEATURES = (
    Scenario(
        name="tcp-block",
        shows="block migration: disk contents in the stream",
        machine="pc",
        arguments=(*TINY, *DISK),
        how="tcp",
        capabilities=("block",),
    ),
    Scenario(
        name="tcp-block-zero",
        shows="block migration with zero-blocks",
        machine="pc",
        arguments=(*TINY, *DISK),
        how="tcp",
        capabilities=("block", "zero-blocks"),
    ),
    Scenario(
        name="tcp-compress",
        shows="pages compressed by zlib",
        machine="pc",
        arguments=TINY,
        how="tcp",
        capabilities=("compress",),
    ),
    Scenario(
        name="tcp-xbzrle",
        shows="pages as differences to what was sent before",
        machine="pc",
        arguments=TINY,
        how="tcp",
        capabilities=("xbzrle",),
        parameters={"xbzrle-cache-size": 1 << 22, "downtime-limit": 1, "max-bandwidth": 700_000},
        plan="iterate",
    ),
    Scenario(
        name="tcp-return-path",
        shows="a return path: pings and their answers",
        machine="pc",
        arguments=TINY,
        how="tcp",
        capabilities=("return-path",),
    ),
    Scenario(
        name="tcp-dirty-bitmaps",
        shows="two dirty bitmaps of a disk, one disabled",
        machine="pc",
        arguments=(*TINY, *QCOW),
        how="tcp",
        capabilities=("dirty-bitmaps",),
        plan="bitmaps",
    ),
    Scenario(
        name="tcp-postcopy-bitmaps",
        shows="postcopy of dirty bitmaps, without postcopy of RAM",
        machine="pc",
        arguments=(*TINY, *QCOW, "-S"),
        how="tcp",
        capabilities=("dirty-bitmaps", "return-path"),
        parameters={"max-bandwidth": 1 << 16, "downtime-limit": 1},
        plan="postcopy-bitmaps",
    ),
    Scenario(
        name="tcp-postcopy",
        shows="postcopy of RAM: discard, packaged device state, page requests",
        machine="pc",
        arguments=TINY,
        how="tcp",
        capabilities=("postcopy-ram", "return-path"),
        parameters=SLOW,
        plan="postcopy",
    ),
    Scenario(
        name="tcp-postcopy-preempt",
        shows="postcopy with a channel of its own for requested pages",
        machine="pc",
        arguments=TINY,
        how="tcp",
        capabilities=("postcopy-ram", "return-path", "postcopy-preempt"),
        parameters=SLOW,
        plan="postcopy",
    ),
    Scenario(
        name="tcp-postcopy-recovery",
        shows="postcopy broken off and resumed on a new connection, which has no header",
        machine="pc",
        arguments=TINY,
        how="tcp",
        capabilities=("postcopy-ram", "return-path"),
        parameters={**SLOW, "max-postcopy-bandwidth": 1 << 17},
        plan="recover",
    ),
    Scenario(
        name="file-background-snapshot",
        shows="background snapshot: RAM has no END section, device state of the first moment comes last",
        machine="pc",
        arguments=TINY,
        capabilities=("background-snapshot",),
    ),
    Scenario(
        name="file-savevm",
        shows="an internal snapshot, taken out of the qcow2 file",
        machine="pc",
        arguments=(*TINY, *QCOW),
        how="snapshot",
    ),
)

FEATURES_10 = (
    Scenario(
        name="tcp-switchover-ack",
        shows="switchover-ack on the return path",
        machine="pc",
        arguments=TINY,
        how="tcp",
        capabilities=("return-path", "switchover-ack"),
    ),
    Scenario(
        name="file-mapped-ram",
        shows="RAM at fixed offsets of the file",
        machine="pc",
        arguments=TINY,
        how="mapped",
        capabilities=("mapped-ram",),
    ),
    Scenario(
        name="file-shared-ram",
        shows="x-ignore-shared: the addresses of shared blocks instead of their pages",
        machine="pc,memory-backend=m0",
        arguments=(*TINY, "-object", "memory-backend-file,id=m0,size=8M,mem-path=SHARED,share=on"),
        capabilities=("x-ignore-shared",),
    ),
    Scenario(name="pc-minimal", shows="the smallest machine of this version", machine="pc", arguments=TINY),
)

SCENARIOS = {each.name: each for each in (*OLD_MACHINES, *DEVICES, *ARCHITECTURES, *FEATURES, *FEATURES_10)}
