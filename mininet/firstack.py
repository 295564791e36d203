"""firstack in Mininet: P4Runtime switches, and topologies read from firstack's YAML.

    sudo mn --custom mininet/firstack.py --switch firstack --topo firstack
    sudo mn --custom mininet/firstack.py --switch bmv2 --topo firstack,my.yaml,config=B --test firstack
    sudo mn --custom mininet/firstack.py --switch bmv2 --topo single,2 --controller none

The switch classes stand alone: FirstackSwitch runs firstack-switch and Bmv2Switch runs simple_switch_grpc, with any
program and any topology. The topology "firstack" is more than wires: its hosts run nginx, its core delays packets as
the YAML says, and its management host runs the controller. Addresses, delays and files all come from
`firstack lab plan`, so nothing is worked out twice.

Neither Open vSwitch nor netem nor an OpenFlow controller is needed. Needs /usr/bin/python3 and Mininet 2.3.
"""

import atexit
import glob
import hashlib
import inspect
import json
import os
import shutil
import subprocess
import tempfile
import time

from mininet.link import Intf
from mininet.log import debug, info
from mininet.node import Host, Node, NullController, Switch
from mininet.topo import Topo

# Processes carry this name in their environment, so that what a crash leaves behind can be found.
MARK = 'FIRSTACK_MININET'

# How the folders of networks begin.
PREFIX = 'firstack-mininet-'

# mn executes this file without __file__.
HERE = os.path.dirname(os.path.abspath(inspect.getfile(inspect.currentframe())))


class MissingProgram(Exception):
    """A program that is needed is not installed."""


def findProgram(name, hint):
    """Return the path of a program: FIRSTACK_BIN, then bin/ beside this folder, then PATH."""
    path = os.pathsep.join([os.environ.get('FIRSTACK_BIN', ''), os.path.join(HERE, '..', 'bin'),
                            os.environ.get('PATH', ''), '/usr/local/sbin', '/usr/sbin', '/sbin'])
    found = shutil.which(name, path=path)
    if not found:
        raise MissingProgram('%s is not on PATH: %s' % (name, hint))
    return os.path.abspath(found)


class Daemons(object):
    """What a node runs beside its shell; ended with the node."""

    def __init__(self, node):
        self.node = node
        self.running = {}
        atexit.register(self.stop)  # mn ends without stopping the network when something goes wrong

    def start(self, name, argv, log):
        """Start a process in the node's namespace, with what it prints in a file."""
        debug(self.node.name, 'runs', ' '.join(argv), '\n')
        env = dict(os.environ, **{MARK: self.node.name})
        with open(log, 'ab') as out:
            self.running[name] = (self.node.popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=out,
                                                  stderr=subprocess.STDOUT), argv, log)

    def check(self):
        """Raise if one has ended that should run."""
        for name, (process, argv, log) in self.running.items():
            if process.poll() is not None:
                with open(log, errors='replace') as text:
                    raise Exception('%s has ended with %d: %s\n%s' %
                                    (name, process.returncode, ' '.join(argv), ''.join(text.readlines()[-5:])))

    def restart(self, name):
        """Kill a process, as a crash would, and start it again."""
        process, argv, log = self.running[name]
        process.kill()
        process.wait()
        self.start(name, argv, log)

    def stop(self):
        """Ask all to end, then make them."""
        for process, _, _ in self.running.values():
            process.terminate()
        for process, _, _ in self.running.values():
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running = {}


class P4RuntimeSwitch(Switch):
    """A switch that serves P4Runtime and gets its program from there, or from json_path.

       sw_path: program of the switch
       json_path: compiled program to start with (None: wait for a P4Runtime client to push one)
       device_id: P4Runtime device id (None: the number in the name)
       grpc_addr, grpc_port: where P4Runtime is served (None: all addresses, 50051 and up)
       cpu_port: port to the controller (255)
       ports: {number: interface}; None: all interfaces without an IP address, by Mininet's numbers
       lan: interfaces that share the port called "lan", by a bridge
       log_dir: folder of the log
       pcap_dir: folder of captures (None: none)
       verbose: log at level debug"""

    binary = None
    hint = None
    next_grpc_port = 50051

    def __init__(self, name, sw_path=None, json_path=None, device_id=None, grpc_addr='0.0.0.0', grpc_port=None,
                 cpu_port=255, ports=None, lan=(), log_dir='/tmp', pcap_dir=None, verbose=False, **kwargs):
        self.controlIntf = None
        if device_id is not None:
            kwargs['dpid'] = '%x' % device_id
        Switch.__init__(self, name, **kwargs)
        self.daemons = Daemons(self)
        self.sw_path = sw_path or findProgram(self.binary, self.hint)
        self.json_path = json_path
        self.device_id = device_id if device_id is not None else int(self.dpid, 16)
        self.grpc_addr = grpc_addr
        if grpc_port is None:
            grpc_port = P4RuntimeSwitch.next_grpc_port
            P4RuntimeSwitch.next_grpc_port += 1
        self.grpc_port = grpc_port
        self.cpu_port = cpu_port
        self.port_map = ports
        self.lan = lan
        self.log_dir = log_dir
        self.pcap_dir = pcap_dir
        self.verbose = verbose

    def attached(self):
        """Return {port: interface} of the data plane."""
        if self.port_map:
            return self.port_map
        return {port: intf.name for port, intf in self.intfs.items() if port != 0 and not intf.IP()}

    def bridge(self):
        """Join the hosts' cables to one that ends at the switch's LAN port."""
        commands = ['link add hosts type bridge stp_state 0 forward_delay 0 mcast_snooping 0', 'link set hosts up',
                    'link add name lan type veth peer name uplink', 'link set uplink master hosts',
                    'link set uplink up', 'link set lan up']
        commands += ['link set %s master hosts' % name for name in self.lan]
        for command in commands:
            out = self.cmd('ip ' + command)
            if out:
                raise Exception('%s: ip %s: %s' % (self.name, command, out))

    def argv(self):
        """Return the command."""
        argv = [self.sw_path, '--device-id', str(self.device_id), '--log-console',
                '-L', 'debug' if self.verbose else 'info']
        for port, name in sorted(self.attached().items()):
            argv += ['-i', '%d@%s' % (port, name)]
        if self.pcap_dir:
            argv.append('--pcap=' + self.pcap_dir)
        argv += self.extra()
        argv.append(self.json_path or '--no-p4')
        return argv + ['--', '--grpc-server-addr', '%s:%d' % (self.grpc_addr, self.grpc_port),
                       '--cpu-port', str(self.cpu_port)]

    def extra(self):
        """Return flags of this kind of switch only."""
        return []

    def start(self, controllers):
        """Start the switch. OpenFlow controllers mean nothing to it."""
        if self.inNamespace:
            self.cmd('ip link set lo up')  # Mininet does so for hosts only
        if self.lan:
            self.bridge()
        for name in self.attached().values():
            self.cmd('sysctl -qw net.ipv6.conf.%s.disable_ipv6=1' % name)
        self.daemons.start(self.name, self.argv(), os.path.join(self.log_dir, self.name + '.log'))
        self.listening()

    def restart(self):
        """Kill the switch and start it again, empty."""
        self.daemons.restart(self.name)
        self.listening()

    def listening(self):
        """Wait until P4Runtime can be connected to."""
        deadline = time.time() + 10
        while not self.connected():
            if time.time() > deadline:
                raise Exception('%s does not listen at %s:%d' % (self.name, self.grpc_addr, self.grpc_port))
            time.sleep(0.05)  # it does not tell when it listens

    def connected(self):
        """Tell whether P4Runtime can be connected to."""
        self.daemons.check()
        address = '127.0.0.1' if self.grpc_addr == '0.0.0.0' else self.grpc_addr
        return self.cmd('(: < /dev/tcp/%s/%d) 2>/dev/null && echo yes' % (address, self.grpc_port)).strip() == 'yes'

    def terminate(self):
        """End the switch and its node."""
        if getattr(self, 'daemons', None):
            self.daemons.stop()
        Switch.terminate(self)


class FirstackSwitch(P4RuntimeSwitch):
    """firstack-switch."""

    binary = 'firstack-switch'
    hint = 'run "make build", which puts it into bin/'


class Bmv2Switch(P4RuntimeSwitch):
    """BMv2's simple_switch_grpc."""

    binary = 'simple_switch_grpc'
    hint = "install p4lang's package p4lang-bmv2, see docs/quickstart.md"
    next_thrift_port = 9090
    present = False  # in the network that is built

    def __init__(self, name, thrift_port=None, **kwargs):
        """thrift_port: where the Thrift server listens, at all addresses (None: 9090 and up)"""
        P4RuntimeSwitch.__init__(self, name, **kwargs)
        Bmv2Switch.present = True
        if thrift_port is None:
            thrift_port = Bmv2Switch.next_thrift_port
            Bmv2Switch.next_thrift_port += 1
        self.thrift_port = thrift_port

    def extra(self):
        # The socket for notifications is a file: one of its own for every switch.
        return ['--thrift-port', str(self.thrift_port),
                '--notifications-addr', 'ipc://%s' % os.path.join(self.log_dir, self.name + '.ipc')]


class P4Host(Host):
    """A host whose kernel finishes its packets by itself: nothing on the way has a network card that would compute
       checksums and cut segments. BMv2 needs that."""

    def finishes(self):
        return True

    def config(self, **params):
        result = Host.config(self, **params)
        for intf in self.intfList():
            if self.finishes():
                out = self.cmd('ethtool -K %s tx off sg off tso off gso off gro off' % intf)
                if 'not found' in out:
                    raise Exception('ethtool is missing: apt-get install ethtool')
            self.cmd('sysctl -qw net.ipv6.conf.%s.disable_ipv6=1' % intf)
        return result


class FirstackHost(P4Host):
    """A host of a firstack topology: with the layout's addresses, a web server if it is expected to listen, and the
       controller if it is the management host.

       layout: the host in the layout; files: folder that `firstack lab plan --dir` wrote; control: its address in
       the control network, for the management host"""

    def __init__(self, name, layout=None, files=None, control=None, **params):
        P4Host.__init__(self, name, **params)
        self.daemons = Daemons(self)
        self.layout = layout
        self.files = files
        self.control = control

    def finishes(self):
        return Bmv2Switch.present  # firstack-switch does it for them

    def config(self, **params):
        result = P4Host.config(self, **params)
        h = self.layout
        commands = ['link set eth0 address ' + h['mac'], 'link set eth0 mtu %d' % h['mtu'], 'addr flush dev eth0']
        commands += ['addr add %s dev eth0' % address for address in h['addresses']]
        source, bits = h['addresses'][0].split('/')
        if bits == '32':
            commands.append('route add %s dev eth0 scope link' % h['via'])
        commands.append('route add default via %s dev eth0 src %s' % (h['via'], source))
        for command in commands:
            out = self.cmd('ip ' + command)
            if out:
                raise Exception('%s: ip %s: %s' % (self.name, command, out))
        log = os.path.join(self.files, 'log', self.name + '.log')
        if h['listen']:
            self.daemons.start('nginx', [findProgram('nginx', 'apt-get install nginx-light'), '-p', self.files,
                                         '-c', os.path.join(self.files, 'nginx', self.name + '.conf')], log)
        if self.control:
            self.daemons.start('controller', [findProgram('firstack', 'run "make build"'), 'run', '-c',
                                              os.path.join(self.files, 'firstack.yaml')],
                               os.path.join(self.files, 'log', 'controller.log'))
        return result

    def terminate(self):
        if getattr(self, 'daemons', None):
            self.daemons.stop()
        P4Host.terminate(self)


class Core(Node):
    """The wide-area core: a router with the topology's delays, and the control network's bridge.

       files: folder that `firstack lab plan --dir` wrote"""

    def __init__(self, name, files=None, **params):
        Node.__init__(self, name, **params)
        self.daemons = Daemons(self)
        self.files = files

    def config(self, **_params):
        self.cmd('ip link add control type bridge stp_state 0 forward_delay 0 mcast_snooping 0')
        self.cmd('ip link set control up')
        for intf in self.intfList():
            self.cmd('sysctl -qw net.ipv6.conf.%s.disable_ipv6=1' % intf)
            if intf.name.startswith('ctl'):
                self.cmd('ip link set %s master control' % intf)
        self.daemons.start('core', [findProgram('firstack', 'run "make build"'), 'lab', 'core', '--layout',
                                    os.path.join(self.files, 'layout.json')],
                           os.path.join(self.files, 'log', 'core.log'))
        return {}

    def terminate(self):
        if getattr(self, 'daemons', None):
            self.daemons.stop()
        Node.terminate(self)


class MTUIntf(Intf):
    """An interface with an MTU of its own."""

    def config(self, mtu=None, **params):
        result = super(MTUIntf, self).config(**params)
        if mtu:
            self.cmd('ip link set %s mtu %d' % (self.name, mtu))
        return result


class FirstackTopo(Topo):
    """A topology of firstack, as `firstack lab plan` lays it out.

       topology: YAML file (None: that of `firstack demo`); config: A, B, C or own"""

    def build(self, topology=None, config='own', **_opts):
        Bmv2Switch.present = False
        self.files = tempfile.mkdtemp(prefix=PREFIX)
        atexit.register(shutil.rmtree, self.files, ignore_errors=True)
        os.chmod(self.files, 0o755)  # nginx's workers are nobody
        command = [findProgram('firstack', 'run "make build", which puts it into bin/'), 'lab', 'plan', '--json',
                   '--dir', self.files, '--config', config]
        if topology:
            command += ['-t', topology]
        plan = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
        if plan.returncode != 0:
            raise Exception(plan.stderr.strip())
        self.layout = json.loads(plan.stdout)
        self.addHost('core', cls=Core, files=self.files)
        wires = {w['host']: w for w in self.layout['core']['wires']}
        for i, g in enumerate(self.layout['gateways'], 1):
            self.addGateway(i, g)
        for i, h in enumerate(self.layout['hosts'], 1):
            self.addMember(i, h, wires.get(h['name']))
        control = self.layout['control']
        self.addLink('core', control['host'], intfName1='ctl0', intfName2='ctl', port2=1,
                     params2={'ip': control['address']})

    def addGateway(self, i, g):
        members = ['host%d' % n for n, h in enumerate(self.layout['hosts'], 1) if h['gateway'] == g['name']]
        address, port = g['p4runtime'].split(':')
        self.addSwitch(g['name'], device_id=g['device_id'], inNamespace=True, grpc_addr=address, grpc_port=int(port),
                       cpu_port=g['cpu_port'], lan=members, log_dir=os.path.join(self.files, 'log'),
                       ports={g['wan']['port']: g['wan']['interface'], g['lan']['port']: g['lan']['interface']})
        mtu = self.layout['core']['cable_mtu']
        self.addLink('core', g['name'], intfName1='wan%d' % i, intfName2='wan', port2=g['wan']['port'],
                     cls1=MTUIntf, cls2=MTUIntf, params1={'mtu': mtu}, params2={'mtu': mtu})
        self.addLink('core', g['name'], intfName1='ctl%d' % i, intfName2='ctl', port2=1000,
                     params2={'ip': g['control']})

    def addMember(self, i, h, wire):
        control = self.layout['control']
        self.addHost(h['name'], cls=FirstackHost, layout=h, files=self.files, ip=None,
                     control=control['address'] if h['name'] == control['host'] else None)
        if wire:
            self.addLink(h['name'], 'core', intfName1='eth0', intfName2=wire['near'], port1=0)
            self.addLink('core', h['gateway'], intfName1=wire['far'], intfName2='host%d' % i, port2=100 + i)
        else:
            self.addLink(h['name'], h['gateway'], intfName1='eth0', intfName2='host%d' % i, port1=0, port2=100 + i)


class FirstackTest(object):
    """The demo's checks, on a network that runs: every client fetches every file of every service."""

    def __init__(self, net):
        self.net = net
        self.layout = net.topo.layout
        self.files = net.topo.files
        self.head = os.path.join(self.files, 'head')
        open(self.head, 'w').close()
        self.failures = 0
        self.clients = [h for h in self.layout['hosts'] if h['role'] == 'client']
        with open(os.path.join(self.files, 'www', 'SHA256SUMS')) as sums:
            self.sums = {name: digest for digest, name in (line.split() for line in sums)}

    def daemons(self):
        """Raise if a process of the network has ended."""
        for node in self.net.values():
            if hasattr(node, 'daemons'):
                node.daemons.check()

    def curl(self, client, url, *options):
        """Return the exit code of curl and what it prints."""
        out, _err, code = self.net[client].pexec(['curl', '-s', '--max-time', '30', '-D', self.head] + list(options) + [url])
        return code, out

    def servedBy(self):
        """Return the site of the web server that answered last."""
        with open(self.head) as head:
            sites = [line.split(':', 1)[1].strip() for line in head if line.lower().startswith('x-served-by:')]
        return sites[-1] if sites else None

    def expect(self, right, text):
        info('  %s  %s\n' % ('ok  ' if right else 'FAIL', text))
        self.failures += not right

    def wait(self, client, url, replicas, seconds=60, attempt=3):
        """Wait until a service answers, from one of its replicas if it has any; return the site.
           An attempt to connect may take so long."""
        deadline = time.time() + seconds
        site = None
        while time.time() < deadline:
            self.daemons()
            code, status = self.curl(client, url, '-o', '/dev/null', '-w', '%{http_code}', '--connect-timeout', str(attempt))
            site = self.servedBy()
            if code == 0 and status == '200' and (not replicas or site in replicas):
                return site
            time.sleep(0.2)  # another process's readiness has no event
        raise Exception('%s cannot fetch %s within %d s' % (client, url, seconds))

    def roundTrip(self, client, service):
        """A lab's delays are measured before they are believed: plain routing from client to origin."""
        origin = next(h for h in self.layout['hosts'] if h['name'] == service['origins'][0])
        path = next(p for p in self.layout['core']['paths']
                    if p['from'] == client['gateway'] and p['to'] == origin['gateway'])
        lans = [w['shape']['Delay'] + w['shape']['Jitter'] for w in self.layout['core']['wires']
                if w['host'] in (client['name'], origin['name'])]
        planned = path['round_trip_ns'] / 1e6
        most = planned * 1.01 + path['spread_ns'] / 1e6 + 2 * sum(lans) * self.layout['time_scale'] / 1e6 + 10
        address = origin['addresses'][0].split('/')[0]
        out, _err, _code = self.net[client['name']].pexec(['ping', '-n', '-c', '5', '-i', '0.2', '-W', '5', address])
        times = [float(part.split()[0]) for part in out.split('time=')[1:]]
        measured = min(times) if times else float('nan')
        self.expect(planned - path['spread_ns'] / 1e6 <= measured <= most,
                    'round trip %s to %s: %.1f ms, planned %.1f ms' % (client['name'], origin['name'], measured, planned))

    def fetch(self, client, url, name):
        target = os.path.join(self.files, 'fetched')
        code, out = self.curl(client, url + name, '-o', target, '-w', '%{time_connect} %{time_total}')
        if code != 0:
            self.expect(False, '%s%s: curl ends with %d' % (url, name, code))
            return
        connect, total = out.split()
        with open(target, 'rb') as content:
            digest = hashlib.sha256(content.read()).hexdigest()
        self.expect(digest == self.sums[name], '%s%s: bytes right, served by %s, connected in %.1f ms, done in %.1f ms' %
                    (url, name, self.servedBy(), float(connect) * 1e3, float(total) * 1e3))

    def run(self):
        for service in self.layout['services']:
            replicas = [r['host'] for r in service['replicas']]
            sites = {h['site'] for h in self.layout['hosts'] if h['name'] in replicas}
            url = 'http://%s/' % service['server']
            for client in self.clients:
                name = client['name']
                info('*** %s fetches %s (%s)\n' % (name, url, ', '.join(
                    '%s in configuration %s' % (r['host'], r['configuration']) for r in service['replicas'])))
                # With policy race the origin may win any race.
                raced = set() if service['origin_policy'] == 'race' else sites
                self.wait(name, url, raced)
                self.roundTrip(client, service)
                for file in self.sums:
                    self.fetch(name, url, file)
                info('*** %s while the controller is killed and comes back\n' % name)
                self.net[self.layout['control']['host']].daemons.restart('controller')
                for _ in range(3):
                    self.fetch(name, url, '1k')
                info('*** %s after its gateway was killed and came back\n' % name)
                self.net[client['gateway']].restart()
                start = time.time()
                self.wait(name, url, raced, 30, attempt=1)
                self.expect(time.time() - start < 5, 'new connections after %.1f s' % (time.time() - start))
        if self.failures:
            self.story()
            raise Exception('%d checks failed' % self.failures)
        info('*** all checks passed\n')

    def story(self):
        """Print how the logs end: what failed has to be told by them, for they go with the network."""
        for path in sorted(glob.glob(os.path.join(self.files, 'log', '*.log'))):
            with open(path, errors='replace') as text:
                lines = text.readlines()
            last = lines[-60:] if os.path.basename(path) == 'controller.log' else lines[-10:]
            info('*** %s, %d lines, the last:\n%s' % (path, len(lines), ''.join('    ' + line for line in last)))


def test(net):
    """Run the demo's checks; raise if one fails."""
    FirstackTest(net).run()


def findController(*_args):
    """mn looks for an OpenFlow controller where none is asked for, and gives up without one. There is none to look
       for: the topology brings its controller along."""
    return NullController


switches = {'firstack': FirstackSwitch, 'bmv2': Bmv2Switch}
hosts = {'p4': P4Host}
topos = {'firstack': FirstackTopo}
tests = {'firstack': test}
