// Makes fabric-2.5.9.blocks.gz: blocks that Fabric's own ledger has validated and hashed, as an oracle for the replay.
//
// To make it again: unpack github.com/hyperledger/fabric at the commit of release 2.5.9, remove its vendor folder, put
// this file into core/ledger/kvledger, and there
//
//	GOLDEN=/tmp/golden.blocks GOFLAGS=-mod=mod go test -run TestGolden .
//	gzip -9n /tmp/golden.blocks

package kvledger

import (
	"encoding/binary"
	"fmt"
	"os"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric-protos-go/common"
	"github.com/hyperledger/fabric/common/ledger/testutil"
	"github.com/hyperledger/fabric/core/ledger"
	"github.com/stretchr/testify/require"
)

func TestGolden(t *testing.T) {
	conf, cleanup := testConfig(t)
	defer cleanup()
	provider := testutilNewProviderWithCollectionConfig(t, []*nsCollBtlConfig{{namespace: "ns", btlConfig: map[string]uint64{"coll": 0, "acoll": 0}}}, conf)
	defer provider.Close()
	bg, gb := testutil.NewBlockGenerator(t, "testLedger", false)
	lgr, err := provider.CreateFromGenesisBlock(gb)
	require.NoError(t, err)
	defer lgr.Close()
	out, err := os.Create(os.Getenv("GOLDEN"))
	require.NoError(t, err)
	defer out.Close()
	write := func(b *common.Block) {
		raw, err := proto.Marshal(b)
		require.NoError(t, err)
		buf := make([]byte, 10)
		n := binary.PutUvarint(buf, uint64(len(raw)))
		out.Write(buf[:n])
		out.Write(raw)
	}
	write(gb)
	n := 0
	type tx struct {
		id  string
		res *ledger.TxSimulationResults
	}
	sim := func(f func(s ledger.TxSimulator)) tx {
		n++
		id := fmt.Sprintf("tx%d", n)
		s, err := lgr.NewTxSimulator(id)
		require.NoError(t, err)
		f(s)
		s.Done()
		res, err := s.GetTxSimulationResults()
		require.NoError(t, err)
		return tx{id, res}
	}
	commit := func(txs ...tx) {
		var results [][]byte
		var ids []string
		pvt := ledger.TxPvtDataMap{}
		for i, x := range txs {
			b, err := x.res.GetPubSimulationBytes()
			require.NoError(t, err)
			results = append(results, b)
			ids = append(ids, x.id)
			if x.res.ContainsPvtWrites() {
				pvt[uint64(i)] = &ledger.TxPvtData{SeqInBlock: uint64(i), WriteSet: x.res.PvtSimulationResults}
			}
		}
		b := bg.NextBlockWithTxid(results, ids)
		require.NoError(t, lgr.CommitLegacy(&ledger.BlockAndPvtData{Block: b, PvtData: pvt}, &ledger.CommitOptions{}))
		write(b)
	}
	put := func(s ledger.TxSimulator, ns, k, v string) { require.NoError(t, s.SetState(ns, k, []byte(v))) }
	get := func(s ledger.TxSimulator, ns, k string) { _, err := s.GetState(ns, k); require.NoError(t, err) }
	scan := func(s ledger.TxSimulator, ns, a, b string, limit int) {
		it, err := s.GetStateRangeScanIterator(ns, a, b)
		require.NoError(t, err)
		for i := 0; limit == 0 || i < limit; i++ {
			r, err := it.Next()
			require.NoError(t, err)
			if r == nil {
				break
			}
		}
		it.Close()
	}
	many := func(count int) func(s ledger.TxSimulator) {
		return func(s ledger.TxSimulator) {
			for i := 0; i < count; i++ {
				put(s, "many", fmt.Sprintf("k%05d", i), fmt.Sprint(i%10))
			}
		}
	}
	// 1: plain writes in two namespaces, keys around the order of UTF-8
	commit(
		sim(func(s ledger.TxSimulator) {
			put(s, "ns", "a", "1")
			put(s, "ns", "\uffff", "bmp")
			put(s, "ns", "\U00010000", "astral")
			put(s, "other", "z", "{\"x\":1}")
		}),
		sim(func(s ledger.TxSimulator) { put(s, "ns", "b", "2"); get(s, "ns", "missing") }),
	)
	// 2: conflicts within the block, deletion, empty value
	r1 := sim(func(s ledger.TxSimulator) { get(s, "ns", "a"); put(s, "ns", "a", "3") })
	r2 := sim(func(s ledger.TxSimulator) { get(s, "ns", "a"); put(s, "ns", "a", "4") })
	r3 := sim(func(s ledger.TxSimulator) { require.NoError(t, s.DeleteState("ns", "b")) })
	r4 := sim(func(s ledger.TxSimulator) { get(s, "ns", "b"); put(s, "ns", "c", "5") })
	r5 := sim(func(s ledger.TxSimulator) { require.NoError(t, s.DeleteState("ns", "never")) })
	r6 := sim(func(s ledger.TxSimulator) { get(s, "ns", "never"); put(s, "ns", "d", "6") })
	stale := sim(func(s ledger.TxSimulator) { get(s, "ns", "a"); put(s, "ns", "a", "7") })
	commit(r1, r2, r3, r4, r5, r6)
	// 3: conflict across blocks; only refused
	commit(stale)
	// 4: 3000 keys
	commit(sim(many(3000)))
	// 5: ranges of every size of Merkle tree, unchanged
	commit(
		sim(func(s ledger.TxSimulator) { scan(s, "many", "k00000", "k00050", 0); put(s, "ns", "r1", "1") }),
		sim(func(s ledger.TxSimulator) { scan(s, "many", "k00000", "k00051", 0); put(s, "ns", "r2", "1") }),
		sim(func(s ledger.TxSimulator) { scan(s, "many", "k00000", "k00102", 0); put(s, "ns", "r3", "1") }),
		sim(func(s ledger.TxSimulator) { scan(s, "many", "k00000", "k00103", 0); put(s, "ns", "r4", "1") }),
		sim(func(s ledger.TxSimulator) { scan(s, "many", "k00000", "k02550", 0); put(s, "ns", "r5", "1") }),
		sim(func(s ledger.TxSimulator) { scan(s, "many", "k00000", "k02551", 0); put(s, "ns", "r6", "1") }),
		sim(func(s ledger.TxSimulator) { scan(s, "many", "", "", 0); put(s, "ns", "r7", "1") }),
		sim(func(s ledger.TxSimulator) { scan(s, "many", "k00010", "k00500", 60); put(s, "ns", "r8", "1") }),
		sim(func(s ledger.TxSimulator) { scan(s, "many", "k00010", "k00500", 5); put(s, "ns", "r9", "1") }),
		sim(func(s ledger.TxSimulator) { scan(s, "many", "l", "m", 0); put(s, "ns", "r10", "1") }),
		sim(func(s ledger.TxSimulator) { scan(s, "ns", "\u0001", "", 0); put(s, "ns", "r11", "1") }),
	)
	// 6: phantoms of all kinds
	p0 := sim(func(s ledger.TxSimulator) {
		put(s, "many", "k00020x", "new")
		put(s, "many", "k00030", "changed")
		require.NoError(t, s.DeleteState("many", "k00040"))
	})
	p1 := sim(func(s ledger.TxSimulator) { scan(s, "many", "k00020", "k00022", 0); put(s, "ns", "p1", "1") })
	p2 := sim(func(s ledger.TxSimulator) { scan(s, "many", "k00029", "k00031", 0); put(s, "ns", "p2", "1") })
	p3 := sim(func(s ledger.TxSimulator) { scan(s, "many", "k00039", "k00041", 0); put(s, "ns", "p3", "1") })
	p4 := sim(func(s ledger.TxSimulator) { scan(s, "many", "k00000", "k00100", 0); put(s, "ns", "p4", "1") })
	p5 := sim(func(s ledger.TxSimulator) { scan(s, "many", "k00028", "k00500", 3); put(s, "ns", "p5", "1") })
	p6 := sim(func(s ledger.TxSimulator) { scan(s, "many", "k00021", "k00029", 0); put(s, "ns", "p6", "1") })
	p7 := sim(func(s ledger.TxSimulator) { scan(s, "many", "k00100", "k00300", 0); put(s, "ns", "p7", "1") })
	p8 := sim(func(s ledger.TxSimulator) { scan(s, "many", "", "", 0); put(s, "ns", "p8", "1") })
	commit(p0, p1, p2, p3, p4, p5, p6, p7)
	commit(p8)
	// 8: private data and metadata
	md := func(v string) map[string][]byte { return map[string][]byte{"VALIDATION_PARAMETER": []byte(v)} }
	commit(
		sim(func(s ledger.TxSimulator) {
			require.NoError(t, s.SetPrivateData("ns", "coll", "secret", []byte("s1")))
			require.NoError(t, s.SetPrivateData("ns", "acoll", "secret2", []byte("s2")))
			put(s, "ns", "a", "8")
		}),
		sim(func(s ledger.TxSimulator) {
			require.NoError(t, s.SetStateMetadata("ns", "c", md("p")))
			put(s, "ns", "e", "1")
		}),
		sim(func(s ledger.TxSimulator) {
			require.NoError(t, s.SetStateMetadata("ns", "nokey", md("p")))
			require.NoError(t, s.SetPrivateData("ns", "acoll", "only", []byte("y")))
		}),
	)
	// 9: metadata only on an existing key, conflicts by it and by private hashes
	h1 := sim(func(s ledger.TxSimulator) { require.NoError(t, s.SetStateMetadata("ns", "e", md("q"))) })
	h2 := sim(func(s ledger.TxSimulator) { get(s, "ns", "e"); put(s, "ns", "f", "1") })
	h3 := sim(func(s ledger.TxSimulator) {
		_, err := s.GetPrivateData("ns", "coll", "secret")
		require.NoError(t, err)
		require.NoError(t, s.SetPrivateData("ns", "coll", "secret", []byte("s3")))
	})
	h4 := sim(func(s ledger.TxSimulator) {
		_, err := s.GetPrivateData("ns", "coll", "secret")
		require.NoError(t, err)
		put(s, "ns", "g", "1")
	})
	h5 := sim(func(s ledger.TxSimulator) { require.NoError(t, s.DeletePrivateData("ns", "acoll", "secret2")) })
	h6 := sim(func(s ledger.TxSimulator) { get(s, "ns", "nokey"); put(s, "ns", "nokey", "1") })
	late := sim(func(s ledger.TxSimulator) { get(s, "ns", "e"); put(s, "ns", "late", "1") })
	late2 := sim(func(s ledger.TxSimulator) {
		_, err := s.GetPrivateData("ns", "coll", "secret")
		require.NoError(t, err)
		put(s, "ns", "late", "2")
	})
	commit(h1, h2, h3, h4, h5, h6)
	commit(late, late2, sim(func(s ledger.TxSimulator) {
		require.NoError(t, s.SetStateMetadata("ns", "c", md("r")))
		put(s, "ns", "c", "9")
	}))
}
