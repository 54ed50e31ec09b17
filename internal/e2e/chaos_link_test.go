package e2e

import (
	"context"
	"net"
	"sync"
	"time"
)

// weather is what a link does to what passes. The zero value lets everything pass at once.
type weather struct {
	// Cut refuses connections and breaks those that there are.
	Cut bool
	// LoseUp and LoseDown drop what passes to the server or from it: requests that never arrive, and answers and
	// acknowledgements that are lost although the work is done. A connection that has lost bytes breaks at the end of it.
	LoseUp, LoseDown bool
	// Delay holds back whatever passes; Rate is how many bytes a second may.
	Delay time.Duration
	Rate  int
}

// link is the network between one process and one server: a proxy on this machine that can be disturbed.
type link struct {
	listener net.Listener
	busy     sync.Mutex // held by the fault that it suffers

	mu      sync.Mutex
	server  string
	weather weather
	pairs   map[*pair]bool
	closed  bool
	wg      sync.WaitGroup
}

// pair are the two connections of one that is passed on.
type pair struct {
	client, server net.Conn
	up, down       bool // bytes of this way are lost
}

func (p *pair) close() {
	p.client.Close()
	p.server.Close()
}

func newLink(address string) (*link, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	l := &link{listener: listener, pairs: map[*pair]bool{}}
	l.wg.Go(l.accept)
	return l, nil
}

func (l *link) address() string { return l.listener.Addr().String() }

// to says where the server is now.
func (l *link) to(server string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.server = server
}

// set changes the weather.
func (l *link) set(w weather) {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.weather
	l.weather = w
	for p := range l.pairs {
		if w.Cut || (p.up || p.down) && (was.LoseUp || was.LoseDown) {
			p.close()
		}
	}
}

// loses reports whether there is a connection that has lost bytes, whose client waits for what does not come.
func (l *link) loses() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p := range l.pairs {
		if p.up || p.down {
			return true
		}
	}
	return false
}

func (l *link) close() {
	l.mu.Lock()
	l.closed = true
	l.listener.Close()
	for p := range l.pairs {
		p.close()
	}
	l.mu.Unlock()
	l.wg.Wait()
}

func (l *link) accept() {
	for {
		c, err := l.listener.Accept()
		if err != nil {
			return // closed
		}
		l.wg.Go(func() { l.pass(c) })
	}
}

func (l *link) pass(client net.Conn) {
	defer client.Close()
	l.mu.Lock()
	to, cut := l.server, l.weather.Cut
	l.mu.Unlock()
	if cut {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	server, err := new(net.Dialer).DialContext(ctx, "tcp", to)
	if err != nil {
		return
	}
	p := &pair{client: client, server: server}
	defer p.close()
	l.mu.Lock()
	l.pairs[p] = true
	if l.closed || l.weather.Cut {
		p.close()
	}
	l.mu.Unlock()
	var up sync.WaitGroup
	up.Go(func() { l.pump(p, client, server, true) })
	l.pump(p, server, client, false)
	up.Wait()
	l.mu.Lock()
	delete(l.pairs, p)
	l.mu.Unlock()
}

// pump passes bytes one way until either end closes.
func (l *link) pump(p *pair, from, to net.Conn, up bool) {
	defer p.close()
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			w, lost := l.now(p, up)
			if !lost {
				time.Sleep(w.Delay)
				if w.Rate > 0 {
					time.Sleep(time.Duration(n) * time.Second / time.Duration(w.Rate))
				}
				if _, err := to.Write(buf[:n]); err != nil {
					return
				}
			}
		}
		if err != nil {
			return
		}
	}
}

// now is the weather for a piece that passes; lost notes that the connection has lost it.
func (l *link) now(p *pair, up bool) (w weather, lost bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	holed, loses := &p.down, l.weather.LoseDown
	if up {
		holed, loses = &p.up, l.weather.LoseUp
	}
	*holed = *holed || loses
	return l.weather, *holed
}
