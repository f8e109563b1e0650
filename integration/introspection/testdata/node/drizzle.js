// Runs drizzle-kit pull into a directory that goes away.
const fs = require('fs'); const os = require('os'); const path = require('path'); const { spawnSync } = require('child_process')
const out = fs.mkdtempSync(path.join(os.tmpdir(), 'drizzle'))
const { PGUSER, PGHOST, PGPORT, PGDATABASE } = process.env
const r = spawnSync(process.execPath, [path.join(__dirname, 'node_modules/drizzle-kit/bin.cjs'), 'pull', '--dialect=postgresql', `--out=${path.relative(__dirname, out)}`,
  `--url=postgresql://${PGUSER}@${PGHOST}:${PGPORT}/${PGDATABASE}?sslmode=disable`], { cwd: __dirname, encoding: 'utf8' })
console.log(r.stdout, r.stderr)
fs.rmSync(out, { recursive: true })
process.exit(r.status)
