# The firewall: a table of its own in nftables, for IPv4 and IPv6.
#
# Docker forwards what arrives for a published port before any rule about input sees it (moby#4737), and writes its own
# rules anew whenever it starts. A table of its own stays as it is, from before the network comes up; what one table
# drops, no other can let in.

# Ports that sshd listens on, whatever was asked for: nobody is locked out.
ssh_ports() {
  sshd -T 2> /dev/null | sed -n 's/^port //p' | sort -nu
}

listed() { tr -s '[:space:]' '\n' | sed '/^$/d' | sort -nu | paste -s -d , - | sed 's/,/, /g'; }

firewall() {
  step "Firewall"
  SSH_PORTS=$(ssh_ports)
  SSH_PORTS=${SSH_PORTS:-22}
  put /etc/tristack/firewall.nft 644 << EOF
#!/usr/sbin/nft -f
# Made by \`tristack host prepare\`. Replaced as a whole: there is no moment without rules.
table inet tristack
delete table inet tristack
table inet tristack {
  # What is for this machine itself.
  chain input {
    type filter hook input priority filter; policy drop;
    iifname "lo" accept
    ct state established,related accept
    ct state invalid drop
    meta l4proto { icmp, ipv6-icmp } accept
    udp sport 67 udp dport 68 accept
    ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept
    tcp dport { $(echo "$SSH_PORTS $PORTS" | listed) } accept
  }
  # What is for containers: Docker has put a container's address and port in the place of the published ones.
  chain forward {
    type filter hook forward priority filter; policy accept;
    ct state established,related accept
    iifname { "docker0", "docker_gwbridge" } accept
    iifname "br-*" accept
    meta l4proto tcp ct status dnat ct original proto-dst { $(echo "$PORTS" | listed) } accept
    ct status dnat drop
    oifname { "docker0", "docker_gwbridge" } drop
    oifname "br-*" drop
  }
}
EOF
  rules_changed=$CHANGED
  put /etc/systemd/system/tristack-firewall.service 644 << 'EOF'
[Unit]
Description=Firewall of Tristack
Documentation=man:nft(8)
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target shutdown.target
Conflicts=shutdown.target
# Another set of rules may begin by flushing all: then these come again.
After=nftables.service
PartOf=nftables.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f /etc/tristack/firewall.nft
ExecReload=/usr/sbin/nft -f /etc/tristack/firewall.nft

[Install]
WantedBy=sysinit.target
EOF
  [ "$CHANGED" = 0 ] || ! with_systemd || change "units read again" systemctl daemon-reload
  if [ "$rules_changed" = 1 ] || ! nft list table inet tristack > /dev/null 2>&1; then
    change "rules in force" load_rules
  fi
  serve tristack-firewall.service
}

load_rules() {
  nft --check --file /etc/tristack/firewall.nft
  nft --file /etc/tristack/firewall.nft
}
