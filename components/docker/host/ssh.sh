# sshd, and fail2ban before it.

harden_ssh() {
  step "ssh"
  install -d -m 0755 /run/sshd
  # Somebody may have been stricter.
  root_login=prohibit-password
  [ "$(sshd -T 2> /dev/null | sed -n 's/^permitrootlogin //p')" != no ] || root_login=no
  # The first value that sshd reads counts: this file comes before those of cloud images.
  put /etc/ssh/sshd_config.d/00-tristack.conf 644 << EOF
PermitRootLogin $root_login
PasswordAuthentication no
KbdInteractiveAuthentication no
X11Forwarding no
LoginGraceTime 30
# Docker over ssh opens many connections at once, and many sessions in a shared one.
MaxStartups 100:30:200
MaxSessions 100
EOF
  drop_in_changed=$CHANGED
  grep -qE '^[[:space:]]*Include[[:space:]]+/etc/ssh/sshd_config\.d/\*\.conf' /etc/ssh/sshd_config ||
    change "sshd reads /etc/ssh/sshd_config.d" include_drop_ins
  [ "$DRY_RUN" = 0 ] || return 0
  if ! sshd -t > "$LOG" 2>&1; then
    why=$(tail -n 1 "$LOG")
    [ "$drop_in_changed" = 0 ] || rm -f /etc/ssh/sshd_config.d/00-tristack.conf
    fail "sshd does not accept its configuration: $why"
  fi
  effective "passwordauthentication no" "kbdinteractiveauthentication no" \
    "maxstartups 100:30:200" "maxsessions 100"
  if [ "$drop_in_changed" = 1 ] && with_systemd; then change "sshd with its new settings" systemctl try-reload-or-restart ssh.service; fi
}

include_drop_ins() {
  { echo "Include /etc/ssh/sshd_config.d/*.conf" && cat /etc/ssh/sshd_config; } > /etc/ssh/sshd_config.new
  mv /etc/ssh/sshd_config.new /etc/ssh/sshd_config
}

# What sshd itself says it would do, for everybody who may log in.
effective() { # <setting and value…>
  for login in root "$USER_NAME"; do
    sshd -T -C "user=$login,host=localhost,addr=127.0.0.1" > "$LOG"
    for line; do
      grep -qxi "$line" "$LOG" || fail "sshd still has another ${line%% *} than ${line#* } for $login: $(grep -i "^${line%% *} " "$LOG")"
    done
  done
}

ban() {
  step "fail2ban"
  put /etc/fail2ban/jail.d/tristack.local 644 << EOF
[sshd]
enabled = true
backend = systemd
port = $(echo "$SSH_PORTS" | listed)
banaction = nftables-multiport
maxretry = 5
findtime = 10m
bantime = 1h
EOF
  if [ "$CHANGED" = 1 ] && have fail2ban-client; then
    [ "$DRY_RUN" = 1 ] || fail2ban-client --test > "$LOG" 2>&1
    ! with_systemd || change "fail2ban with its new settings" systemctl restart fail2ban.service
  fi
  serve fail2ban.service
}
