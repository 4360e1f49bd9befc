using System.CommandLine;
using System.Globalization;
using System.Text;

namespace CudaRpc.Server.Commands;

/// <summary><c>cudarpc coverage</c>: how every function of the driver API travels, as docs/coverage.md has it.</summary>
internal static class CoverageCommand
{
    public static Command Create()
    {
        var command = new Command("coverage", "Print how each function of the driver API is remoted, as Markdown.");
        command.SetAction(_ =>
        {
            // The page in docs/ is written in the repository; elsewhere there are no tests to read.
            Console.Out.Write(Page(File.Exists("CudaRpc.sln") ? TestedBy.Read("tests") : null));
            return 0;
        });
        return command;
    }

    /// <summary>The page, ending in a line feed.</summary>
    /// <param name="tests">The folder of the tests, to say which of them name a function; null where there are none.</param>
    internal static string Page(TestedBy? tests)
    {
        // Twins and older names are bodies of the contract that forward; they are counted with what they forward to.
        CoverageRow[] own = [.. Coverage.Rows.Where(row => row.Travels != "forwarded")];
        CoverageRow[] unsupported = [.. own.Where(row => row.Travels == "unsupported")];
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"""
            # Coverage

            Generated from `headers/cuda.h` (CUDA {Coverage.CudaVersion / 1000}.{Coverage.CudaVersion % 1000 / 10}) and `headers/cuda.rules` by `cudarpc coverage`; do not edit.

            {Coverage.Rows.Count} functions: {own.Length - unsupported.Length} remoted or answered locally, {unsupported.Length} unsupported, {Coverage.Rows.Count - own.Length} older
            names and `_ptds`/`_ptsz` twins that forward.

            *Posted*: sent and not waited for; a failure is returned by a later call. *Synchronous*: one round trip. *Blocking*: may wait for the GPU. *Local*:
            answered by the client. *Cached*: the same, from what the server has told it once. *Forwarded*: does what the function does that is named. *Hand-written*:
            the half that is not generated. *Since*: the CUDA version that brought it. *Tested by*: tests that call it by name through client
            and server, twins with what they are twins of; besides, `BadCallTests` calls every function with everything wrong.

            | function | travels | hand-written | since | tested by | note |
            | --- | --- | --- | --- | --- | --- |

            """);
        foreach (CoverageRow row in Coverage.Rows)
        {
            string since = row.Since == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{row.Since / 1000}.{row.Since % 1000 / 10}");
            page.Append(CultureInfo.InvariantCulture, $"| `{row.Function}` | {row.Travels} | {row.HandWritten} | {since} | {Names(tests, row)} | {Note(row)} |\n");
        }

        return page.ToString();
    }

    private static string Note(CoverageRow row) => row.Travels == "unsupported" ? $"`CUDA_ERROR_NOT_SUPPORTED`: {row.Note}" : row.Note;

    private static string Names(TestedBy? tests, CoverageRow row)
    {
        const int Shown = 2;
        IReadOnlyCollection<string> names = tests is null || row.Travels == "unsupported" ? [] : tests.Of(row.Function);
        return string.Join(", ", names.Take(Shown)) + (names.Count > Shown ? $" and {names.Count - Shown} more" : "");
    }
}
