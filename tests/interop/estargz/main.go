// Reads and writes lazy layers with stargz-snapshotter's own module: the peer of estargz_test.ts.
//
//	estargz read LAYER TOC_DIGEST   prints path, size and sha256 of each file, every chunk verified
//	estargz build TAR LAYER         writes an eStargz layer, and prints the digest of its table of contents
//	estargz zstd TAR LAYER          writes a zstd:chunked layer, and prints its annotations as JSON
package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"sort"

	"github.com/containerd/stargz-snapshotter/estargz"
	"github.com/containerd/stargz-snapshotter/estargz/zstdchunked"
	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 4 {
		log.Fatal("usage: estargz read|build|zstd FROM TO")
	}
	work := map[string]func(*os.File, string) error{"read": read, "build": build, "zstd": buildZstd}[os.Args[1]]
	from, err := os.Open(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	if err := work(from, os.Args[3]); err != nil {
		log.Fatal(err)
	}
}

func section(file *os.File) *io.SectionReader {
	info, err := file.Stat()
	if err != nil {
		log.Fatal(err)
	}
	return io.NewSectionReader(file, 0, info.Size())
}

func read(file *os.File, tocDigest string) error {
	layer, err := estargz.Open(section(file))
	if err != nil {
		return err
	}
	verifier, err := layer.VerifyTOC(digest.Digest(tocDigest))
	if err != nil {
		return err
	}
	root, ok := layer.Lookup("")
	if !ok {
		return fmt.Errorf("no root")
	}
	lines := []string{}
	var walk func(path string, entry *estargz.TOCEntry) error
	walk = func(path string, entry *estargz.TOCEntry) (failed error) {
		entry.ForeachChild(func(name string, child *estargz.TOCEntry) bool {
			if child.Type == "dir" {
				failed = walk(path+name+"/", child)
			} else if child.Type == "reg" {
				var line string
				line, failed = hash(layer, verifier, path+name, child)
				lines = append(lines, line)
			}
			return failed == nil
		})
		return failed
	}
	if err := walk("", root); err != nil {
		return err
	}
	sort.Strings(lines)
	for _, line := range lines {
		fmt.Println(line)
	}
	return nil
}

func hash(layer *estargz.Reader, verifier estargz.TOCEntryVerifier, path string, entry *estargz.TOCEntry) (string, error) {
	reader, err := layer.OpenFile(path)
	if err != nil {
		return "", err
	}
	content := make([]byte, entry.Size)
	if _, err := io.ReadFull(io.NewSectionReader(reader, 0, entry.Size), content); err != nil && entry.Size > 0 {
		return "", err
	}
	for at := int64(0); at < entry.Size; {
		chunk, ok := layer.ChunkEntryForOffset(path, at)
		if !ok {
			return "", fmt.Errorf("no chunk of %s at %d", path, at)
		}
		check, err := verifier.Verifier(chunk)
		if err != nil {
			return "", err
		}
		size := chunk.ChunkSize
		if size == 0 {
			size = entry.Size - chunk.ChunkOffset
		}
		if _, err := check.Write(content[chunk.ChunkOffset : chunk.ChunkOffset+size]); err != nil {
			return "", err
		}
		if !check.Verified() {
			return "", fmt.Errorf("chunk of %s at %d is not what its digest says", path, at)
		}
		at = chunk.ChunkOffset + size
	}
	return fmt.Sprintf("%s %d %x", path, entry.Size, sha256.Sum256(content)), nil
}

func write(blob *estargz.Blob, to string) error {
	defer blob.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, blob); err != nil {
		return err
	}
	return out.Close()
}

func build(file *os.File, to string) error {
	blob, err := estargz.Build(section(file), estargz.WithChunkSize(64*1024))
	if err != nil {
		return err
	}
	if err := write(blob, to); err != nil {
		return err
	}
	fmt.Println(blob.TOCDigest())
	return nil
}

func buildZstd(file *os.File, to string) error {
	annotations := map[string]string{}
	compression := struct {
		*zstdchunked.Compressor
		*zstdchunked.Decompressor
	}{
		&zstdchunked.Compressor{CompressionLevel: zstd.SpeedDefault, Metadata: annotations},
		&zstdchunked.Decompressor{},
	}
	blob, err := estargz.Build(section(file), estargz.WithChunkSize(64*1024), estargz.WithCompression(compression))
	if err != nil {
		return err
	}
	if err := write(blob, to); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(annotations)
}
