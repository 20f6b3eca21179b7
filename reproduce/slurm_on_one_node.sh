#!/bin/sh
# Run a command where SLURM is this one machine: a way to try the workflow's cluster profile.
#
#   apt-get install --no-install-recommends slurm-wlm munge
#   reproduce/slurm_on_one_node.sh COMMAND...
#
# It needs root, listens on loopback, and ends with COMMAND. All but /etc/slurm/slurm.conf, where jobs
# look, is in a folder of its own.
set -eu

if test -e /etc/slurm/slurm.conf; then
    echo "slurm_on_one_node: this machine has a /etc/slurm/slurm.conf: use its own SLURM" >&2
    exit 1
fi

folder=$(mktemp -d)
node=$(hostname -s)
cpus=$(nproc)
memory=$(awk '/MemTotal/ {print int($2 / 1024 * 0.9)}' /proc/meminfo)
mkdir "$folder/state" "$folder/spool" "$folder/munge"
dd if=/dev/urandom of="$folder/munge/key" bs=1024 count=1 2> /dev/null
chmod 400 "$folder/munge/key"
chmod 755 "$folder"
chown -R munge "$folder/munge"

conf=/etc/slurm/slurm.conf
mkdir -p /etc/slurm
cat > "$conf" << CONF
ClusterName=one
SlurmctldHost=$node(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
SlurmctldPort=16817
SlurmdPort=16818
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
KillWait=5
NodeName=$node NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=$memory
PartitionName=main Nodes=$node Default=YES MaxTime=INFINITE State=UP
CONF

end() {
    for name in slurmd slurmctld munged; do
        test -f "$folder/$name.pid" && kill "$(cat "$folder/$name.pid")" 2> /dev/null || true
    done
    rm -f "$conf"
    echo "slurm_on_one_node: logs are in $folder" >&2
}
trap end EXIT

runuser -u munge -- munged --key-file="$folder/munge/key" --socket="$folder/munge/socket" \
    --pid-file="$folder/munge/pid" --log-file="$folder/munge/log" --seed-file="$folder/munge/seed" \
    --force
ln -s munge/pid "$folder/munged.pid"
while ! test -s "$folder/munged.pid"; do sleep 0.1; done
slurmctld -f "$conf"
slurmd -f "$conf" -N "$node"
for _ in $(seq 30); do
    sinfo -h -o %T 2> /dev/null | grep -q idle && break
    sleep 1
done
sinfo
"$@"
