//! Tables: columns lined up, without those that are empty in every row.

use super::escape;

/// Cells are lined up to this width; a longer one pushes the rest of its row aside.
const MAX_CELL: usize = 56;

/// A table below its headings, made harmless for a terminal.
pub fn table<const N: usize>(headings: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    lined_up(headings.map(str::to_owned).to_vec(), rows.into_iter().map(Vec::from).collect())
}

/// The same of columns that are known only when it is made; every row has as many cells as there are headings.
pub fn lined_up(headings: Vec<String>, rows: Vec<Vec<String>>) -> String {
    let columns = 0..headings.len();
    let safe = |row: Vec<String>| row.iter().map(|cell| escape::line(cell).into_owned()).collect();
    let rows: Vec<Vec<String>> = std::iter::once(headings).chain(rows.into_iter().map(safe)).collect();
    let cell = |row: &[String], column: usize| row.get(column).cloned().unwrap_or_default();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| cell(row, column).chars().count());
        widths.filter(|width| *width <= MAX_CELL).max().unwrap_or(0)
    };
    let empty = |column: usize| rows.iter().skip(1).all(|row| cell(row, column).is_empty());
    let columns: Vec<(usize, usize)> = columns.filter(|&column| !empty(column)).map(|c| (c, width(c))).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> =
            columns.iter().map(|&(column, width)| format!("{:width$}", cell(row, column))).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_only_columns_with_something_in_them() {
        let row = |type_name: &str, id: &str, name: &str| [type_name, id, "eu-west-1", name, ""].map(str::to_owned);
        let long = "arn:aws:ecs:eu-west-1:000000000000:service/fargate-cluster/hazelcast-service";
        let rows = [
            row("AWS::EC2::VPC", "vpc-1", "my-vpc\u{1b}"),
            row("AWS::ECS::Service", long, ""),
            row("AWS::IAM::Role", "role", ""),
        ];
        insta::assert_snapshot!(table(["TYPE", "ID", "REGION", "NAME", "STATUS"], rows), @r"
        TYPE               ID     REGION     NAME
        AWS::EC2::VPC      vpc-1  eu-west-1  my-vpc\u{1b}
        AWS::ECS::Service  arn:aws:ecs:eu-west-1:000000000000:service/fargate-cluster/hazelcast-service  eu-west-1
        AWS::IAM::Role     role   eu-west-1
        ");
    }
}
