package interop

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
)

// A cluster is a PostgreSQL server for these tests only. It listens on a Unix
// socket in its own directory and ends with the process.
type cluster struct {
	dir      string
	process  *os.Process
	ended    chan struct{}
	database atomic.Int64
}

// sharedCluster starts the cluster that all tests share. runningCluster is the
// cluster that TestMain must stop.
var (
	sharedCluster  = sync.OnceValues(startCluster)
	runningCluster *cluster
)

var errNoPostgreSQL = errors.New("PostgreSQL is not installed: apt-get install postgresql")

func startCluster() (*cluster, error) {
	// Debian installs the server's programs outside PATH.
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if path, lookErr := exec.LookPath("initdb"); lookErr == nil {
		found = append(found, path)
	}
	if err != nil || len(found) == 0 {
		return nil, errNoPostgreSQL
	}
	bin := filepath.Dir(found[len(found)-1])

	// The path of a socket must be short, and the user postgres must be able to
	// enter all its directories.
	dir, err := os.MkdirTemp("/tmp", "yuncert-postgresql-")
	if err != nil {
		return nil, err
	}
	c := &cluster{dir: dir, ended: make(chan struct{})}
	if err := c.start(bin); err != nil {
		c.stop()
		return nil, err
	}
	runningCluster = c
	return c, nil
}

func (c *cluster) start(bin string) error {
	attributes := &syscall.SysProcAttr{}
	if os.Getuid() == 0 { // PostgreSQL refuses to run as root
		postgres, err := user.Lookup("postgres")
		if err != nil {
			return err
		}
		uid, err1 := strconv.ParseUint(postgres.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(postgres.Gid, 10, 32)
		if err := errors.Join(err1, err2, os.Chown(c.dir, int(uid), int(gid))); err != nil {
			return err
		}
		attributes.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.Dir, cmd.Env, cmd.SysProcAttr = c.dir, []string{"LC_ALL=C", "TZ=UTC", "PATH=" + os.Getenv("PATH")}, attributes
		return cmd
	}
	data := filepath.Join(c.dir, "data")
	if out, err := command("initdb", "--pgdata="+data, "--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync", "--no-instructions").CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	server := command("postgres", "-D", data, "-k", c.dir, "-c", "listen_addresses=", "-c", "fsync=on", "-c", "deadlock_timeout=20ms")
	log, err := server.StderrPipe()
	if err != nil {
		return err
	}
	// The server gets the signal when the thread that started it ends. That
	// thread must live as long as this process.
	attributes.Pdeathsig = syscall.SIGQUIT
	started, ready := make(chan error, 1), make(chan error, 2)
	go func() {
		runtime.LockOSThread()
		defer close(c.ended)
		err := server.Start()
		started <- err
		if err != nil {
			return
		}
		var said strings.Builder
		lines := bufio.NewScanner(log)
		for waiting := true; lines.Scan(); {
			if waiting {
				said.WriteString(lines.Text() + "\n")
				if strings.HasSuffix(lines.Text(), "database system is ready to accept connections") {
					waiting = false
					ready <- nil
				}
			}
		}
		ready <- fmt.Errorf("postgres ended: %v\n%s", server.Wait(), said.String())
	}()
	if err := <-started; err != nil {
		return err
	}
	c.process = server.Process
	return <-ready
}

// stop ends the server and removes its files.
func (c *cluster) stop() {
	if c.process != nil {
		c.process.Signal(syscall.SIGINT) // "fast": it closes all connections
		<-c.ended
	}
	os.RemoveAll(c.dir)
}

// postgres creates an empty schema and returns how to connect to it. If
// PostgreSQL is missing, it skips the test, or fails it in CI.
func postgres(tb testing.TB) (dsn string) {
	tb.Helper()
	c, err := sharedCluster()
	if errors.Is(err, errNoPostgreSQL) && os.Getenv("CI") == "" {
		tb.Skip(err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	dsn = fmt.Sprintf("host=%s user=postgres dbname=postgres sslmode=disable", c.dir)
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	schema := fmt.Sprintf("test%d", c.database.Add(1))
	if _, err := db.ExecContext(tb.Context(), "CREATE SCHEMA "+schema); err != nil {
		tb.Fatal(err)
	}
	return dsn + " search_path=" + schema
}
