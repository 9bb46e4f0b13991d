/**
 * What palisade can be told once for all: one schema, and where each setting's value comes from.
 *
 * A flag wins over an environment variable, that over the configuration file, that over the default.
 * It opens no file: the command line reads the text and hands it in. The command line and the daemon call it.
 */
export { type ConfigFile, defaultConfigFile, readConfig } from './read.ts';
export { configSchema, defaultSettings, objectIn, type Settings, settings, unwrapped, variableOf } from './schema.ts';
export { settle } from './settle.ts';
