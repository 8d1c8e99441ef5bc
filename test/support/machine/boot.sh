# What the boot of a real machine does before systemd: the kernel's file systems can be written to, and there are host
# keys. Docker mounts them read-only unless a container is privileged, which a kernel without all capabilities refuses.
for mounted in /sys /sys/fs/cgroup /sys/fs/cgroup/*; do
  mount -o remount,bind,rw "$mounted" 2> /dev/null
done
ssh-keygen -A > /dev/null
exec /sbin/init
