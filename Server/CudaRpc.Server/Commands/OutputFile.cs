using CudaRpc.Tracing;

namespace CudaRpc.Server.Commands;

/// <summary>Files that the commands about traces write.</summary>
internal static class OutputFile
{
    /// <summary>The file itself, where the path is a symbolic link: it is written through.</summary>
    /// <exception cref="IOException">The links lead in a circle.</exception>
    public static string Follow(string path) => new FileInfo(path) is { LinkTarget: not null } link
        ? link.ResolveLinkTarget(returnFinalTarget: true)!.FullName
        : Path.GetFullPath(path);

    /// <summary>
    /// Writes a file that appears when it is whole; what cannot be written leaves the one that was there. A device is just written to.
    /// </summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        string file = Follow(path);
        if (Path.Exists(file) && !FileStatus.Of(file).IsRegular)
        {
            using Stream device = File.Create(file);
            write(device);
            return;
        }

        string temporary = $"{file}.{Environment.ProcessId}";
        try
        {
            using (Stream stream = File.Create(temporary))
            {
                write(stream);
            }

            if (File.Exists(file))
            {
                File.SetUnixFileMode(temporary, File.GetUnixFileMode(file));
            }

            File.Move(temporary, file, overwrite: true);
        }
        // Where a file may not grow as large (`ulimit -f`), the runtime says that an argument is out of range.
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            if (File.Exists(temporary))
            {
                File.Delete(temporary);
            }

            // Nobody has heard of the other name.
            throw new IOException(
                failure is ArgumentOutOfRangeException ? $"{file} may not grow so large (ulimit -f)"
                    : failure.Message.Replace(temporary, file, StringComparison.Ordinal),
                failure);
        }
    }

    /// <inheritdoc cref="Write"/>
    public static void WriteText(string path, Action<TextWriter> write) => Write(path, stream =>
    {
        using var text = new StreamWriter(stream);
        write(text);
    });

    /// <summary>
    /// Finds out now whether <see cref="Write"/> could write the file, which comes after a minute of work. What is there stays as it is.
    /// </summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public static void Check(string? path)
    {
        if (path is not null && Follow(path) is var file && (!Path.Exists(file) || FileStatus.Of(file).IsRegular || Directory.Exists(file)))
        {
            // A folder refuses by itself.
            string temporary = Directory.Exists(file) ? file : $"{file}.{Environment.ProcessId}";
            try
            {
                File.Create(temporary, 1, FileOptions.DeleteOnClose).Dispose();
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw new IOException(failure.Message.Replace(temporary, file, StringComparison.Ordinal), failure);
            }
        }
    }

    /// <summary>Refuses the trace itself, under whatever name: what is told of it may be made again, the recorded run may not.</summary>
    /// <exception cref="IOException">Both are one file.</exception>
    public static void RefuseTrace(string? output, string trace)
    {
        if (!string.IsNullOrEmpty(output) && FileStatus.Of(output) is { IsRegular: true } status && status == FileStatus.Of(trace))
        {
            throw new IOException($"{output} is the trace itself; name another file to write to");
        }
    }
}
