# The steps in their order. Each finds out by itself what is there already: run again, nothing is changed.

watch_disk() {
  step "Disk watch"
  disk_watch_text > "$LOG.watch"
  put /usr/local/lib/tristack/disk-watch 755 < "$LOG.watch"
  rm -f "$LOG.watch"
  if ! with_systemd; then
    put /etc/cron.d/tristack-disk-watch 644 << 'EOF'
*/10 * * * * root /usr/local/lib/tristack/disk-watch > /dev/null
EOF
    return 0
  fi
  put /etc/systemd/system/tristack-disk-watch.service 644 << 'EOF'
[Unit]
Description=Disk watch of Tristack
After=docker.service

[Service]
Type=oneshot
ExecStart=/usr/local/lib/tristack/disk-watch
EOF
  service_changed=$CHANGED
  put /etc/systemd/system/tristack-disk-watch.timer 644 << 'EOF'
[Unit]
Description=Disk watch of Tristack, every ten minutes

[Timer]
OnBootSec=5min
OnUnitActiveSec=10min

[Install]
WantedBy=timers.target
EOF
  [ "$CHANGED$service_changed" = 00 ] || change "units read again" systemctl daemon-reload
  serve tristack-disk-watch.timer
}

check
packages
user
swap
kernel
clock
updates
engine
firewall
harden_ssh
ban
watch_disk
step "Done"
echo "done: $CHANGES changes"
