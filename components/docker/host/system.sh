# The machine itself: packages, the user, swap, the kernel's settings, time, updates.

packages() {
  step "Packages"
  # python3: daemon.json and the ledger of releases are JSON.
  need ca-certificates curl openssh-server nftables procps util-linux python3 fail2ban python3-systemd unattended-upgrades
  have logger || need bsdutils
}

user() {
  step "User $USER_NAME"
  getent passwd "$USER_NAME" > /dev/null ||
    change "user $USER_NAME" useradd --create-home --shell /bin/bash "$USER_NAME"
  [ -n "$KEYS" ] || return 0
  home=$(getent passwd "$USER_NAME" | cut -d : -f 6)
  file=${home:-/home/$USER_NAME}/.ssh/authorized_keys
  echo "$KEYS" | while read -r key; do
    [ -z "$key" ] || grep -qxF "$key" "$file" 2> /dev/null || echo "$key"
  done > "$LOG.keys"
  if [ -s "$LOG.keys" ]; then change "$(wc -l < "$LOG.keys") keys of $USER_NAME" add_keys "$file"; fi
  rm -f "$LOG.keys"
}

# Adds; those that are there stay.
add_keys() { # <file>
  install -d -m 700 -o "$USER_NAME" -g "$(id -gn "$USER_NAME")" "$(dirname "$1")"
  touch "$1"
  # The last line may lack its end.
  [ ! -s "$1" ] || [ -z "$(tail -c 1 "$1")" ] || echo >> "$1"
  cat "$LOG.keys" >> "$1"
  chown "$USER_NAME:$(id -gn "$USER_NAME")" "$1"
  chmod 600 "$1"
}

swap() {
  step "Swap"
  [ "$SWAP_MIB" != 0 ] || return 0
  # A file that is there but not in use: of a run that was cut short.
  [ -z "$(swapon --show --noheadings)" ] || return 0
  change "$SWAP_FILE of $SWAP_MIB MiB" make_swap
  grep -q "^$SWAP_FILE " /etc/fstab 2> /dev/null || change "swap after every boot" add_fstab
}

make_swap() {
  rm -f "$SWAP_FILE"
  (umask 077 && fallocate -l "${SWAP_MIB}M" "$SWAP_FILE")
  mkswap "$SWAP_FILE"
  swapon "$SWAP_FILE"
}

add_fstab() { echo "$SWAP_FILE none swap sw 0 0" >> /etc/fstab; }

kernel() {
  step "Kernel settings"
  put /etc/sysctl.d/60-tristack.conf 644 << 'EOF'
# Redis needs it to save in the background while memory is tight.
vm.overcommit_memory = 1
# Swap is for what nobody uses, not for a database.
vm.swappiness = 10
EOF
  [ "$CHANGED" = 0 ] || change "in force" sysctl --load /etc/sysctl.d/60-tristack.conf
}

clock() {
  step "Time"
  for other in chrony ntpsec ntp openntpd; do
    if installed "$other"; then return 0; fi
  done
  need systemd-timesyncd
  serve systemd-timesyncd.service
}

updates() {
  step "Security updates"
  put /etc/apt/apt.conf.d/20auto-upgrades 644 << 'EOF'
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
EOF
  reboot=false
  [ "$REBOOT" = 0 ] || reboot=true
  # Only one of the two origins is known to each distribution.
  put /etc/apt/apt.conf.d/60tristack-upgrades 644 << EOF
#clear Unattended-Upgrade::Origins-Pattern;
#clear Unattended-Upgrade::Allowed-Origins;
Unattended-Upgrade::Origins-Pattern {
  "origin=Debian,codename=\${distro_codename}-security,label=Debian-Security";
  "origin=Ubuntu,archive=\${distro_codename}-security,label=Ubuntu";
};
Unattended-Upgrade::Automatic-Reboot "$reboot";
Unattended-Upgrade::Automatic-Reboot-Time "04:00";
EOF
}
