// Package tree keeps a folder on disk equal to a stream of generated files.
//
// A tree is path → bytes. The stream comes in any fixed order; a [Writer] makes
// its folder hold exactly the stream's files: new and changed files are
// written, equal ones are not touched (their times stay, so that make and
// editors see no change), and what the stream no longer holds is removed.
//
// # What a run promises
//
// Nothing is changed before the whole folder has been looked at. Every file in
// it must carry the header line of generated files; one that does not, a link,
// a device, or a folder that cannot be read makes the run refuse with a
// [ForeignError] and leave everything as it was. So a file that somebody put
// there by hand is never lost.
//
// Each file is the old one or the new one at every moment, never half of
// either: its bytes go to a temporary file beside it, which is then renamed.
// That holds for a full disk, an I/O error, a cancelled context and a killed
// process alike.
//
// Nothing stale is removed before the stream has ended well. When the stream
// fails in the middle, the files before that point are up to date, the rest is
// as it was, and nothing is missing. There is one exception: where a file
// became a folder, or a folder a file, the old one is in the new one's way and
// goes just before it is written.
//
// The next run completes what an interrupted one left, and removes the
// temporary file of a killed one. It needs no journal: it compares the folder
// with the stream, as always.
//
// Two runs at once on one folder exclude each other by an advisory lock
// (flock) on the folder itself. It leaves no file behind and ends with the
// process, however that ends. It binds runs of this package, not editors.
//
// # What it does not promise
//
// The tree as a whole is not replaced in one step: a reader in the middle of a
// run sees some files old and some new. And nothing is synced to the medium: a
// power cut or a kernel crash may lose or empty what was written in the last
// seconds. An fsync a file would cost a hundred times the write, for a tree
// that can be made again from its inputs and is committed to Git.
//
// # Cost
//
// Files stream; of each only its path and, if it was on disk before, a SHA-256
// stay in memory: some 200 bytes a file. The digest is why a file is opened
// once and not twice, to look for its header and to compare it.
//
// Folders are opened once while the stream stays in them, and files are made
// and renamed relative to them through [os.Root], which refuses to leave the
// tree even if somebody puts a link in the way while the run goes on. Measured
// on ext4, that is as cheap as full paths (45 µs of CPU a new file, against
// 44 µs), because the kernel need not walk them again for every file. Filling a
// temporary folder and renaming it whole would save about a fifth of that on a
// tree made from nothing, and cost a second way of being interrupted.
package tree
