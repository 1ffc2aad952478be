/**
 * New notebooks and files that hold what a chat has written.
 */
import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import type { Contents, ServiceManager } from '@jupyterlab/services';
import { UUID } from '@lumino/coreutils';
import type { INewCell } from './answercells';
import { isLanguage } from './codelanguages';

interface IOptions {
  services: ServiceManager.IManager;
  languages: IEditorLanguageRegistry;
  /** The folder that the user looks at. */
  folder: () => string;
  /** Show a document. */
  open: (path: string) => unknown;
}

export class NewDocuments {
  constructor(private readonly _options: IOptions) {}

  /**
   * Make a notebook of these cells, and show it.
   *
   * @param language - what its kernel should speak; empty: the default kernel.
   * @throws when the server cannot make it.
   */
  async notebook(cells: readonly INewCell[], language: string): Promise<void> {
    const content = {
      cells: cells.map(({ cell_type, source }) => ({
        ...(cell_type === 'code' && { execution_count: null, outputs: [] }),
        cell_type,
        id: UUID.uuid4(),
        metadata: {},
        source
      })),
      metadata: await this._metadata(language),
      nbformat: 4,
      nbformat_minor: 5
    };
    await this._create({ type: 'notebook' }, { type: 'notebook', format: 'json', content });
  }

  /**
   * Make a file in a language, and show it.
   *
   * @throws when the server cannot make it.
   */
  async file(text: string, language: string): Promise<void> {
    const spec = language === '' ? null : this._options.languages.findBest(language);
    const ext = `.${spec?.extensions?.[0] ?? 'txt'}`;
    const content = text.endsWith('\n') ? text : `${text}\n`;
    await this._create({ type: 'file', ext }, { type: 'file', format: 'text', content });
  }

  private async _create(
    options: Contents.ICreateOptions,
    model: Partial<Contents.IModel>
  ): Promise<void> {
    const { services, folder, open } = this._options;
    const { path } = await services.contents.newUntitled({ ...options, path: folder() });
    await services.contents.save(path, model);
    await open(path);
  }

  /** Without a kernel in it JupyterLab would ask for one. */
  private async _metadata(language: string): Promise<object> {
    const { kernelspecs } = this._options.services;
    await kernelspecs.ready;
    const all = Object.values(kernelspecs.specs?.kernelspecs ?? {});
    const usual = all.find(spec => spec?.name === kernelspecs.specs?.default);
    const speaks = (spec: typeof usual): boolean =>
      spec !== undefined && isLanguage(language, spec.language.toLowerCase());
    const spec = speaks(usual) ? usual : (all.find(speaks) ?? usual);
    return spec
      ? {
          kernelspec: { name: spec.name, display_name: spec.display_name, language: spec.language }
        }
      : {};
  }
}
