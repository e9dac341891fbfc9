"""Captures kept for a machine: old versions, devices, architectures.

The guest of x86 machines is the loop in `driver.py`, so no firmware of others is in those streams. With QEMU 7.2 an
architecture whose pages are larger than the 4 KiB of an x86-64 host (alpha, sparc64, or1k) cannot migrate: the
source dies by SIGFPE. 10.0 can.
"""

from __future__ import annotations

from tests.captures.scenario import PLAIN, TINY, Scenario


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
    _arch("alpha-clipper", "alpha", "clipper", "pages of 8 KiB", *PLAIN, "-S"),
    _arch("sparc64-sun4u", "sparc64", "sun4u", "pages of 8 KiB, big-endian", "-S"),
    _arch("or1k-sim", "or1k", "or1k-sim", "OpenRISC, pages of 8 KiB", "-S", memory="4"),
)
