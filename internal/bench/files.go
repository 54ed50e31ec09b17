package main

import (
	"bufio"
	"io"
	"os"

	"github.com/meibo/meibo/internal/sample"
)

func writeSample(path string, c sample.Config) error {
	return create(path, func(w io.Writer) error {
		_, err := sample.WriteCSV(w, c)
		return err
	})
}

func writeWorkbook(path string, c sample.Config) error {
	return create(path, func(w io.Writer) error {
		_, err := sample.WriteXLSX(w, c)
		return err
	})
}

func create(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	if err := write(w); err != nil {
		f.Close()
		return err
	}
	if err := w.Flush(); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// halve writes the two halves of a plain sample, whose rows are its lines, each with the header.
func halve(path string, rows int) (halves [2]string, err error) {
	in, err := os.Open(path)
	if err != nil {
		return halves, err
	}
	defer in.Close()
	r := bufio.NewReaderSize(in, 1<<20)
	header, err := r.ReadBytes('\n')
	if err != nil {
		return halves, err
	}
	for n, size := range []int{rows / 2, rows - rows/2} {
		halves[n] = path + [2]string{".1", ".2"}[n]
		err := create(halves[n], func(w io.Writer) error {
			if _, err := w.Write(header); err != nil {
				return err
			}
			for range size {
				line, err := r.ReadBytes('\n')
				if err != nil && err != io.EOF {
					return err
				}
				if _, err := w.Write(line); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return halves, err
		}
	}
	return halves, nil
}
