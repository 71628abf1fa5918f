#!/bin/sh
# Writes the narinfos of this folder, and the realisations beside it, with Nix 2.8.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
export HOME="$work" NIX_CONF_DIR="$work/etc" NIX_CONFIG='substituters =
sandbox = false
build-users-group =
experimental-features = nix-command ca-derivations'
printf %s 'vectors-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8DoQe/884Qvh1w3RjnS8CZZ+TWMJulDV8d3IZkElUxuA==' >"$work/key"

# A store whose paths begin with /nix/store and lie elsewhere: nothing can be built in it.
(
	export NIX_REMOTE="$work/root"
	cd "$work"
	echo hello >hello.txt
	mkdir tree
	ln -s nowhere tree/link
	fixed=$(nix-store --add-fixed sha1 hello.txt)
	tree=$(nix-store --add-fixed --recursive sha256 tree)
	text=$(nix-instantiate --eval --read-write-mode -E '"${builtins.toFile "text" "${builtins.toFile "other" "x"}"}"' | tr -d '"')
	# As if built: with a deriver, and a reference to another path and itself.
	built=/nix/store/00000000000000000000000000000000-built
	echo "$built $fixed" >"root$built"
	hash=$(nix-hash --type sha256 "root$built")
	size=$(nix-store --dump "root$built" | wc -c)
	deriver=/nix/store/11111111111111111111111111111111-built.drv
	printf '%s\n' "$built" "$hash" "$size" "$deriver" 2 "$fixed" "$built" |
		nix-store --load-db
	nix copy --to "file://$work/xz?secret-key=$work/key" "$fixed" "$tree"
	nix copy --to "file://$work/none?compression=none" "$text"
	nix copy --to "file://$work/zstd?compression=zstd&secret-key=$work/key" "$built"
	for pair in "xz $fixed fixed" "xz $tree tree" "none $text text" "zstd $built built"; do
		set -- $pair
		hash=$(basename "$2" | cut -c1-32)
		cp "$work/$1/$hash.narinfo" "$here/$3.narinfo"
	done
)

(
	export NIX_STORE_DIR="$work/store" NIX_STATE_DIR="$work/var" NIX_LOG_DIR="$work/log"
	NIX_CONFIG="$NIX_CONFIG
secret-key-files = $work/key"
	cat >"$work/make.nix" <<-'EOF'
		let
		  make = it: derivation ({
		    system = builtins.currentSystem;
		    builder = "/bin/sh";
		    __contentAddressed = true;
		    outputHashMode = "recursive";
		    outputHashAlgo = "sha256";
		  } // it);
		  dep = make { name = "dep"; outputs = [ "dev" "out" ]; args = [ "-c" "echo > $out; echo $out > $dev" ]; };
		in make { name = "user"; args = [ "-c" "echo ${dep.out} ${dep.dev} > $out" ]; }
	EOF
	nix copy --to "file://$work/doi" --file "$work/make.nix"
	# Each under the name of its path; ids and hashes differ each time, with the store's folder.
	for file in "$work"/doi/realisations/*.doi; do
		name=$(sed -n 's/.*"outPath":"[^-]*-\([^"]*\)".*/\1/p' "$file")
		cp "$file" "$here/../realisation/$name.doi"
	done
)
