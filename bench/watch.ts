/** Watching: what it takes to read what the kernel logs, to keep it, and to ask for it. Each file of the list measures one of it, after the other. */
for (const name of ['parse', 'detect', 'store']) await import(`./watch/${name}.ts`);

export {};
