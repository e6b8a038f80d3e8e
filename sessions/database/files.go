package database

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Shared returns a file that belongs to both of the SQLite databases at a and b, whether they are there
// already or not: the file itself, or one that SQLite keeps beside it, by whatever link or spelling. It
// is empty if there is none, as where one of them is on PostgreSQL.
func Shared(a, b string) (string, error) {
	if isPostgres(a) || isPostgres(b) {
		return "", nil
	}
	ours, err := filesOf(a)
	if err != nil {
		return "", err
	}
	theirs, err := filesOf(b)
	if err != nil {
		return "", err
	}
	for _, one := range ours {
		for _, other := range theirs {
			same, err := sameFile(one, other)
			if err != nil {
				return "", fmt.Errorf("compare %s with %s: %w", one, other, err)
			}
			if same {
				return one, nil
			}
		}
	}
	return "", nil
}

// filesOf are the files of a SQLite database, of which some come and go. SQLite follows links, and keeps
// the others beside the file that they lead to.
func filesOf(path string) ([]string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find the folder we are in: %w", err)
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	} else if folder, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(folder, filepath.Base(path)) // not there yet
	}
	return []string{path, path + "-wal", path + "-shm", path + "-journal"}, nil
}

// sameFile says whether two names are of one file, or will be when it is there.
func sameFile(a, b string) (bool, error) {
	if a == b {
		return true, nil
	}
	first, err := os.Stat(a)
	if err == nil {
		var second os.FileInfo
		if second, err = os.Stat(b); err == nil {
			return os.SameFile(first, second), nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return false, err
}

// shut leaves the files of a SQLite database to their owner alone, as makeFile makes new ones.
func shut(url string) error {
	if isPostgres(url) {
		return nil
	}
	paths, err := filesOf(url)
	if err != nil {
		return err
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			err = os.Chmod(path, 0o600)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("keep others from reading it: %w", err)
		}
	}
	return nil
}
