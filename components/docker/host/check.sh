# What is looked at before anything is changed; everything that is wrong is said at once.

WRONG=0
wrong() {
  echo "error: $*" >&2
  WRONG=1
}

# Every file in which sshd looks for a user's keys.
key_files() { # <user>
  home=$(getent passwd "$1" | cut -d : -f 6)
  [ -n "$home" ] || return 0
  patterns=.ssh/authorized_keys
  if have sshd; then
    install -d -m 0755 /run/sshd
    patterns=$(sshd -T -C "user=$1,host=localhost,addr=127.0.0.1" 2> /dev/null | sed -n 's/^authorizedkeysfile //p') || true
  fi
  for pattern in ${patterns:-.ssh/authorized_keys}; do
    file=$(echo "$pattern" | sed "s,%h,$home,g; s,%u,$1,g; s,%%,%,g")
    case $file in
      /*) echo "$file" ;;
      *) echo "$home/$file" ;;
    esac
  done
}

# Their keys, but for those that may run one command alone, as a cloud's image has for root.
keys_of() { # <user>
  key_files "$1" | while read -r file; do
    [ ! -f "$file" ] || grep -E '(^| )(ssh-(ed25519|rsa)|ecdsa-sha2-nistp[0-9]+|sk-[a-z0-9@.-]+) [A-Za-z0-9+/]+' "$file" |
      grep -v '^[^ ]*command=' || true
  done
}

# Keys for the user: those that were given, or those of whoever is preparing the machine.
chosen_keys() {
  if [ -n "$PUBLIC_KEYS" ]; then
    echo "$PUBLIC_KEYS"
  elif [ "$USER_NAME" != "${SUDO_USER:-root}" ]; then
    keys_of "${SUDO_USER:-root}"
  fi
}

check() {
  step "Looking at the machine"
  # shellcheck source=/dev/null
  . /etc/os-release
  case "$ID $VERSION_ID" in
    "debian 12" | "debian 13" | "ubuntu 22.04" | "ubuntu 24.04") ;;
    *) wrong "this is $ID $VERSION_ID; needs Debian 12 or 13, or Ubuntu 22.04 or 24.04" ;;
  esac
  [ "$(id -u)" = 0 ] || wrong "this runs as $(id -un); needs root"
  case $(dpkg --print-architecture) in
    amd64 | arm64) ;;
    *) wrong "this machine is $(dpkg --print-architecture); needs amd64 or arm64: images are built for these" ;;
  esac
  KEYS=$(chosen_keys)
  if [ -z "$KEYS" ] && [ -z "$(keys_of "$USER_NAME")" ] && [ -z "$(keys_of root)" ]; then
    wrong "nobody could log in any more once passwords are refused; needs a public key of yours, in host.prepare.publicKeys"
  elif [ -z "$KEYS" ] && [ -z "$(keys_of "$USER_NAME")" ]; then
    wrong "$USER_NAME could not log in; needs a public key, in host.prepare.publicKeys"
  fi
  if [ "$WRONG" = 1 ]; then
    STEP=
    exit 2
  fi
  # A machine that was just created is still being set up.
  if [ "$WAIT" = 1 ] && have cloud-init; then timeout 900 cloud-init status --wait > "$LOG" 2>&1 < /dev/null || true; fi
}
