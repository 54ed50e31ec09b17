import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

// The uploader serves what is built into dist/built; dist itself is kept in the repository, so that Go finds it.
export default defineConfig({
  plugins: [react()],
  resolve: { alias: { '@': '/src' } },
  build: { outDir: 'dist/built', emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 700 },
  // `npm run dev` shows changes at once, with the API of a server that runs.
  server: { proxy: { '/v1': process.env.MEIBO_SERVER ?? 'http://127.0.0.1:8080' } },
  test: { include: ['src/**/*.test.ts', 'src/**/*.test.tsx'] },
})
