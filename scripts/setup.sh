#!/bin/sh
# Make this checkout ready to use: install what the machine lacks, make .venv, install landbridge in it.
#
# Run it as often as you like: it installs only what is missing, says what that is, and takes a few
# tenths of a second when nothing is. Packages come through apt, as root or with sudo. Where there is no
# apt, or no way to become root, it names the packages and stops.

set -eu
cd "$(dirname "$0")/.."
# An ordinary user's PATH may lack where mkfs.erofs and depmod are.
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
OLDEST_PYTHON=3.11

say() { printf 'setup: %s\n' "$*" >&2; }
fail() {
    say "$*"
    exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }
has_file() {
    for path in "$@"; do
        [ -e "$path" ] && return 0
    done
    return 1
}

# --- packages ---------------------------------------------------------------------------------

# Print the Debian packages that this machine lacks, one a line.
missing_packages() {
    has gcc || echo gcc
    has_file /usr/include/stdio.h || echo libc6-dev
    has make || echo make
    perl -MTerm::ANSIColor -e 1 2>/dev/null || echo perl # all of it, for the kernel's checkpatch.pl
    has depmod || echo kmod
    has setpriv || echo util-linux
    has xz || echo xz-utils
    has ping || echo iputils-ping
    has mkfs.erofs || echo erofs-utils
    has qemu-system-x86_64 || echo qemu-system-x86
    has_file /usr/libexec/virtiofsd /usr/lib/qemu/virtiofsd || virtiofsd_package
    has_file /usr/lib/*/libelf.so.1 /usr/lib/libelf.so.1 /usr/lib64/libelf.so.1 || echo libelf1 # the kernel's objtool
    has_file /usr/share/keyrings/debian-archive-keyring.gpg || echo debian-archive-keyring # kernels from Debian
    python_packages
}

# QEMU's own virtiofsd comes with QEMU up to Debian 12; later it is a package of its own.
virtiofsd_package() {
    if apt-cache show virtiofsd >/dev/null 2>&1; then
        echo virtiofsd
    fi
}

python_packages() {
    python=$(find_python)
    if [ -z "$python" ]; then
        # Where the distribution's python3 is older, it often has a newer one under its own name.
        if apt-cache show "python$OLDEST_PYTHON-venv" >/dev/null 2>&1; then
            echo "python$OLDEST_PYTHON-venv"
        else
            echo python3-venv
        fi
    elif [ ! -e .venv/bin/python ] && ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        "$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'
    fi
}

# Print the first Python that is new enough, or nothing.
find_python() {
    for name in python3 /usr/bin/python3 python3.11 python3.12 python3.13 python3.14; do
        if has "$name" && "$name" -c "import sys; sys.exit(sys.version_info < (3, ${OLDEST_PYTHON#3.}))" 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif [ -t 0 ]; then
        sudo "$@"
    else
        sudo -n "$@" # nobody is there to type a password
    fi
}

apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" >&2
}

install_packages() {
    if ! has apt-get; then
        fail "this machine has no apt. Install what these Debian packages hold, then try again: $*"
    fi
    if [ "$(id -u)" -ne 0 ] && ! has sudo; then
        fail "packages are missing, and there is no sudo. As root, run: apt-get install $*"
    fi
    say "installing with apt: $*"
    if ! has_file /var/lib/apt/lists/*Packages*; then
        apt_get update || fail "apt-get update failed; see above"
    fi
    # An index that is too old names files that are gone: renew it and try once more.
    apt_get install --yes --no-install-recommends "$@" ||
        { apt_get update && apt_get install --yes --no-install-recommends "$@"; } ||
        fail "apt could not install: $*"
}

# --- the virtual environment --------------------------------------------------------------------

# What the environment was made from: when this changes, it is brought up to date.
fingerprint() {
    pwd
    cksum pyproject.toml
}

make_environment() {
    ready=.venv/.ready
    if [ -e "$ready" ] && [ "$(cat "$ready")" = "$(fingerprint)" ] && .venv/bin/python -c '' 2>/dev/null; then
        return
    fi
    if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        python=$(find_python)
        say "making .venv with $python"
        "$python" -m venv --clear .venv || fail "cannot make .venv; see above"
    fi
    say "installing landbridge and its Python packages in .venv"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]' </dev/null >&2 ||
        fail "pip failed; see above"
    fingerprint >"$ready"
}

[ "$(uname -s)" = Linux ] || fail "landbridge needs Linux; this is $(uname -s)"
missing=$(missing_packages | tr '\n' ' ')
if [ -n "$missing" ]; then
    # shellcheck disable=SC2086  # one word per package
    install_packages $missing
fi
make_environment
