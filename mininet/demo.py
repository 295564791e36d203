#!/usr/bin/python3
"""The demo of firstack in Mininet: real hosts, nginx, curl, P4 switches.

    sudo mininet/demo.py                      open Mininet's CLI with everything running
    sudo mininet/demo.py --test --config all  run the demo's checks in configurations A, B and C, and exit
    sudo mininet/demo.py --clean              end what a crash has left behind
"""

import argparse
import glob
import os
import shutil
import signal
import sys
import tempfile

if sys.version_info < (3, 7):
    sys.exit('Python 3.7 or newer is needed')
try:
    from mininet.cli import CLI
    from mininet.log import info, setLogLevel
    from mininet.net import Mininet
except ImportError:
    sys.exit("%s has no module mininet: apt-get install mininet, and use Debian's own Python, /usr/bin/python3" %
             sys.executable)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import firstack  # noqa: E402


def clean():
    """End the processes of all networks of this kind and remove their files; namespaces and cables go with them.

    A process is known by the mark in its environment or, like nginx, which writes over that, by a file of the network
    among its arguments; its children are those of its session."""
    def read(pid, name):
        with open('/proc/%d/%s' % (pid, name), 'rb') as f:
            return f.read()

    sessions = {}
    own = {os.getpid(), os.getppid()}
    for pid in [int(name) for name in os.listdir('/proc') if name.isdigit()]:
        try:
            ours = ((firstack.MARK + '=').encode() in read(pid, 'environ') or
                    ('/' + firstack.PREFIX).encode() in read(pid, 'cmdline'))
            sessions[pid] = (os.getsid(pid), ours)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it has just ended, or is not for us to look at
    leaders = {session for session, ours in sessions.values() if ours} - {os.getsid(0)}
    ended = [pid for pid, (session, _) in sessions.items() if session in leaders and pid not in own]
    for pid in ended:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    files = glob.glob(os.path.join(tempfile.gettempdir(), firstack.PREFIX + '*'))
    for path in files:
        shutil.rmtree(path)
    print('%d processes ended, %d folders removed' % (len(ended), len(files)))


def network(topology, switch, config):
    topo = firstack.FirstackTopo(topology=topology, config=config)
    return Mininet(topo=topo, switch=firstack.switches[switch], host=firstack.P4Host, controller=None)


def kinds(switch):
    """Return the switches to run; of all, those that are there."""
    if switch != 'all':
        return [switch]
    found = []
    for name in ['firstack', 'bmv2']:
        kind = firstack.switches[name]
        try:
            firstack.findProgram(kind.binary, kind.hint)
            found.append(name)
        except firstack.MissingProgram as missing:
            print('NOT RUN with %s: %s' % (name, missing))
    return found


def usage(net):
    layout = net.topo.layout
    client = next(h['name'] for h in layout['hosts'] if h['role'] == 'client')
    info('*** Everything runs. Try:\n')
    for service in layout['services']:
        info('    mininet> %s curl -s -D - -o /dev/null http://%s/1m\n' % (client, service['server']))
    info('    mininet> %s %s show replicas\n' % (layout['control']['host'], firstack.findProgram('firstack', '')))
    info('    mininet> net\n*** Logs are in %s\n' % os.path.join(net.topo.files, 'log'))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('-t', '--topology', help="topology file (default: that of firstack demo)")
    parser.add_argument('--switch', choices=sorted(firstack.switches) + ['all'], default='firstack',
                        help='what the gateways are; all: one after the other, with --test')
    parser.add_argument('--config', choices=['A', 'B', 'C', 'own', 'all'], default='own',
                        help='configuration of the replicas; all: one after the other, with --test')
    parser.add_argument('--test', action='store_true', help='run the checks and exit')
    parser.add_argument('--clean', action='store_true', help='end what a crash has left behind, and exit')
    parser.add_argument('-v', '--verbosity', default='info', help="Mininet's log level")
    args = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit('Mininet needs root (try sudo)')
    if args.clean:
        clean()
        return
    if 'all' in (args.config, args.switch) and not args.test:
        sys.exit('"all" goes with --test')
    setLogLevel(args.verbosity)
    for switch in kinds(args.switch):
        for config in 'ABC' if args.config == 'all' else [args.config]:
            info('*** Gateways are %s, configuration %s\n' % (switch, config))
            net = network(args.topology, switch, config)
            try:
                net.start()
                if args.test:
                    firstack.test(net)
                else:
                    usage(net)
                    CLI(net)
            finally:
                net.stop()


if __name__ == '__main__':
    try:
        main()
    except Exception as problem:  # what went wrong is for the user to read; the stack is not
        sys.exit('%s: %s' % (type(problem).__name__, problem))
