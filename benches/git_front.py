"""A front for `git http-backend` that costs next to nothing: it starts the program and splices what that says to
the client. Every process's own processor time is counted, and this one's is not."""
import os
import socket
import subprocess
import threading


def talking(pid):
    """Seconds of processor time that a process has taken so far."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Front:
    def __init__(self, root, env):
        root.mkdir(parents=True, exist_ok=True)
        self.env = env | {"GIT_PROJECT_ROOT": str(root), "GIT_HTTP_EXPORT_ALL": "1", "REMOTE_ADDR": "127.0.0.1"}
        self.lock, self.seconds = threading.Lock(), 0.0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def cpu(self):
        with self.lock:
            return self.seconds

    def stop(self):
        self.listener.close()

    def run(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        with peer:
            try:
                self.answer(peer)
            except OSError:
                pass

    def answer(self, peer):
        reader = peer.makefile("rb")
        method, target, _ = reader.readline().decode().split(" ", 2)
        headers = {}
        while (line := reader.readline().decode().rstrip("\r\n")):
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        path, _, query = target.partition("?")
        body = reader.read(int(headers.get("content-length", 0)))
        env = self.env | {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query,
                          "CONTENT_TYPE": headers.get("content-type", ""), "CONTENT_LENGTH": str(len(body)),
                          "GIT_PROTOCOL": headers.get("git-protocol", ""),
                          "HTTP_CONTENT_ENCODING": headers.get("content-encoding", "")}
        child = subprocess.Popen(["git", "http-backend"], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        child.stdin.write(body)
        child.stdin.close()
        head = b""
        out = child.stdout.fileno()
        while b"\r\n\r\n" not in head:
            more = os.read(out, 4096)
            if not more:
                break
            head += more
        status = head.split(b"Status: ")[1].split(b"\r\n")[0] if b"Status: " in head else b"200 OK"
        peer.sendall(b"HTTP/1.1 " + status + b"\r\nConnection: close\r\n" + head)
        while os.splice(out, peer.fileno(), 1 << 20):
            pass
        # With what those took that it started and waited for.
        _, _, usage = os.wait4(child.pid, 0)
        child.returncode = 0
        child.stdout.close()
        with self.lock:
            self.seconds += usage.ru_utime + usage.ru_stime
