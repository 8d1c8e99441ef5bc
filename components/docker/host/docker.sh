# Docker: the engine, its settings, and who may use it.

engine() {
  step "Docker"
  daemon_settings
  settings_changed=$CHANGED
  if installed docker-ce || installed docker.io; then
    [ "$settings_changed" = 0 ] || ! with_systemd || change "docker with its new settings" restart_docker
  elif [ "$DOCKER" = distribution ]; then
    need docker.io iptables
    # Newer releases have the command in a package of its own.
    [ "$DRY_RUN" = 1 ] || have docker || need docker-cli
  else
    docker_repository
    need docker-ce docker-ce-cli containerd.io docker-buildx-plugin
  fi
  serve docker.service
  id -nG "$USER_NAME" 2> /dev/null | tr ' ' '\n' | grep -qx docker ||
    change "$USER_NAME in the group docker" usermod --append --groups docker "$USER_NAME"
}

docker_repository() {
  # shellcheck source=/dev/null
  . /etc/os-release
  [ -f /etc/apt/keyrings/docker.asc ] || change "the key of Docker's packages" fetch_key "$ID"
  put /etc/apt/sources.list.d/docker.list 644 << EOF
deb [arch=$(dpkg --print-architecture) signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/$ID $VERSION_CODENAME stable
EOF
  [ "$CHANGED" = 0 ] || REFRESHED=0
}

fetch_key() { # <distribution>
  install -d -m 0755 /etc/apt/keyrings
  curl --fail --silent --show-error --location --retry 3 --connect-timeout 20 \
    --output /etc/apt/keyrings/docker.asc.new "https://download.docker.com/linux/$1/gpg"
  mv /etc/apt/keyrings/docker.asc.new /etc/apt/keyrings/docker.asc
}

# Sets what nobody has set: whatever is in the file already was somebody's wish.
daemon_settings() {
  CHANGED=0
  # Before the first run there is no python3 on some machines, and then no settings of Docker's either.
  have python3 || [ "$DRY_RUN" = 0 ] || {
    change /etc/docker/daemon.json true
    return 0
  }
  swarm=$(docker info --format '{{.Swarm.LocalNodeState}}' 2> /dev/null) || swarm=
  python3 - /etc/docker/daemon.json "$swarm" > "$LOG.daemon" 2> "$LOG" << 'EOF' || fail "$(tail -n 1 "$LOG")"
import json, sys

path, swarm = sys.argv[1:]
try:
    with open(path) as file:
        text = file.read()
except FileNotFoundError:
    text = ""
try:
    settings = json.loads(text) if text.strip() else {}
    before = json.dumps(settings)
    if swarm != "active":  # a swarm's engine refuses to start with it
        settings.setdefault("live-restore", True)
    if settings.setdefault("log-driver", "json-file") == "json-file":
        options = settings.setdefault("log-opts", {})
        options.setdefault("max-size", "10m")
        options.setdefault("max-file", "3")
except (ValueError, AttributeError) as problem:
    sys.exit(f"{path} cannot be read: {problem}")
print(text if json.dumps(settings) == before else json.dumps(settings, indent=2), end="" if json.dumps(settings) == before else "\n")
EOF
  mode=644
  [ ! -f /etc/docker/daemon.json ] || mode=$(stat -c %a /etc/docker/daemon.json)
  put /etc/docker/daemon.json "$mode" < "$LOG.daemon"
  rm -f "$LOG.daemon"
}

# First what it takes over while it runs, live-restore: then containers run on while it restarts.
restart_docker() {
  systemctl reload docker.service
  sleep 1
  systemctl restart docker.service
}
